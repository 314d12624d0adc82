import { type Mutant, withOptions } from './mutant.js';

/** Durations and numbers that are not those that were asked for. */
export const limits: Mutant[] = [
  {
    name: 'a window that is too long',
    breaks: "the window closes minDuration after the batch's start",
    wrap: withOptions(({ minDuration = 100, maxDuration = 2 * minDuration || Number.POSITIVE_INFINITY }) => ({
      minDuration: minDuration && minDuration + 1,
      maxDuration: Math.max(maxDuration, minDuration + 1),
    })),
  },
  {
    name: 'a window that is too short',
    breaks: 'every batch stays open at least minDuration',
    wrap: withOptions(({ minDuration = 100, maxDuration = 2 * minDuration || Number.POSITIVE_INFINITY }) => ({
      minDuration: Math.max(0, minDuration - 1),
      maxDuration,
    })),
  },
  {
    name: 'a signal that aborts too late',
    breaks: 'the signal aborts when the batch has lasted maxDuration',
    wrap: withOptions(({ minDuration = 100, maxDuration = 2 * minDuration || Number.POSITIVE_INFINITY }) => ({
      maxDuration: maxDuration + 10,
    })),
  },
  {
    name: 'a run too many in a batch',
    breaks: 'the window closes when the batch has maxOperations runs',
    wrap: withOptions(({ maxOperations = Number.POSITIVE_INFINITY }) => ({
      maxOperations: maxOperations + 1,
    })),
  },
  {
    name: 'a call too many at once',
    breaks: 'concurrency: loads and saves under way at once',
    wrap: withOptions((options) => {
      const { concurrency = Number.POSITIVE_INFINITY } = options as { concurrency?: number };
      return { concurrency: concurrency + 1 } as object;
    }),
  },
];
