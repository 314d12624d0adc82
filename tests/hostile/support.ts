import { type Outcome, watch } from '../node/support.js';

// Taken before a test installs fake timers.
const { setImmediate, setTimeout } = globalThis;

const TURNS = 60;

/**
 * What has become of a promise once everything has come to rest: a chain of turns of the event loop, not a time, so that whatever is left
 * pending is a failed assertion and no time-out.
 */
export async function atRest(promise: PromiseLike<unknown>): Promise<Outcome> {
  const watched = watch(promise);
  for (let turn = 0; turn < TURNS && watched.outcome.state === 'pending'; turn++) {
    await new Promise<void>((resolve) => (turn % 2 ? setTimeout(resolve, 0) : setImmediate(resolve)));
  }
  return watched.outcome;
}

export async function allAtRest(promises: readonly PromiseLike<unknown>[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const each of promises.map((promise) => atRest(promise))) outcomes.push(await each);
  return outcomes;
}

export const fulfilled = (value?: unknown): Outcome => ({ state: 'fulfilled', value });
export const rejected = (reason?: unknown): Outcome => ({ state: 'rejected', reason });

export const noop = (): void => {};

export function throwIt(value: unknown): never {
  throw value;
}

/** What a script for `inChild` may use: `atRest` as above, in a line. */
export const childAtRest = `
  const atRest = async (promise) => {
    let outcome = 'pending';
    promise.then((value) => (outcome = value), (reason) => (outcome = reason?.code ?? reason?.message ?? 'rejected'));
    for (let turn = 0; turn < 60 && outcome === 'pending'; turn++) {
      await new Promise((resolve) => (turn % 2 ? setTimeout(resolve, 0) : setImmediate(resolve)));
    }
    return outcome;
  };
`;
