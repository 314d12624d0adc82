import { ConflictError } from 'groupcommit';
import { vi } from 'vitest';
import { type Counter, open, settleDown } from './support.js';

/** The longest time between two attempts. */
const longest = 1_000;

/**
 * A processor without a window over a held store, whose batches start over after a conflict. Timers are faked.
 */
export function conflicting<Resource = Counter>(options: object = {}) {
  vi.useFakeTimers();
  const held = open<Resource>({ minDuration: 0, retries: 10, ...options });
  /** Has the latest save fail, and lets no time pass. */
  const refuse = async (...errors: [error?: unknown]) => {
    await settleDown();
    await held.saves.at(-1)?.fail(errors.length === 0 ? new ConflictError() : errors[0]);
  };
  return {
    ...held,
    refuse,
    /** Has the latest save fail, and the next attempt begin. */
    conflict: async (...errors: [error?: unknown]) => {
      await refuse(...errors);
      await vi.advanceTimersByTimeAsync(longest);
      await settleDown();
    },
    /** Has the latest save succeed. */
    commit: async () => held.saves.at(-1)?.succeed(),
  };
}

export const fulfilled = (value: unknown) => ({ state: 'fulfilled', value });
export const rejected = (reason: unknown) => ({ state: 'rejected', reason });
