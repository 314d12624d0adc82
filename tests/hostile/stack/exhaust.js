// Runs in Node and in browsers, and so do the files it imports.

import { calls } from './calls.js';
import { situations } from './situations.js';
import { atRest, nextTurn, watch } from './turns.js';

const FRAMES = 60;

/** So many frames left that nothing is short of stack. */
const ALL = Number.POSITIVE_INFINITY;

/**
 * Calls `act` while a runaway recursion unwinds, when so many of its frames are left. `returned` is false if that threw.
 *
 * @template T
 * @param {number} left
 * @param {number} shift
 * @param {() => T} act
 * @returns {{ returned: boolean, value: T | undefined }}
 */
function nearTheEnd(left, shift, act) {
  const attempt = { returned: false, value: undefined };
  let unwound = 0;
  function dive() {
    try {
      dive();
    } finally {
      if (unwound++ === left) {
        attempt.value = act();
        attempt.returned = true;
      }
    }
  }
  try {
    dive.apply(undefined, new Array(shift).fill(0));
  } catch {
    // The app catches the RangeError, and goes on.
  }
  return attempt;
}

/** V8 and SpiderMonkey each have their own error for a stack that is exhausted. */
const isExhausted = ({ value }) =>
  value instanceof RangeError || value?.name === 'InternalError' || value?.name === 'RangeError';

/** The names of the calls. */
export const names = Object.keys(calls);

/**
 * Makes a call in each situation at every depth of an exhausted stack, and resolves to what has gone wrong.
 *
 * @param {typeof import('groupcommit').startProcessor} startProcessor
 * @param {string} name of the call
 * @param {number[]} shifts how many arguments to put on the stack before the recursion: frames are large, and so depths between them are met
 * @returns {Promise<string[]>}
 */
export async function exhaust(startProcessor, name, shifts) {
  const wrong = [];
  for (const situation of Object.keys(situations)) {
    const seen = new Set();
    const attempt = async (left, shift) => {
      const { found, done } = await attemptCall(startProcessor, { situation, name }, left, shift);
      if (left !== ALL) seen.add(done);
      wrong.push(...found.map((what) => `${situation}, ${left} frames left (+${shift}): ${what}`));
    };
    // Every path has been called before, or it is the compiler that finds no stack.
    for (let time = 0; time < 3; time++) await attempt(ALL, 0);
    for (let left = 0; left <= FRAMES; left++) {
      for (const shift of shifts) await attempt(left, shift);
      // What is left of a processor that was made halfway is collected now, where there is a way to ask for it.
      globalThis.gc?.();
      // What hangs now hangs at every depth.
      if (wrong.length > 5) return wrong;
    }
    if (seen.size === 1)
      wrong.push(`${situation}: every call was ${seen.has(true) ? 'accepted' : 'short of stack'}`);
  }
  return wrong;
}

/** One call at one depth. Resolves to what is found wrong, and whether the call was accepted. */
async function attemptCall(startProcessor, { situation, name }, left, shift) {
  const start = (options) => startProcessor({ minDuration: 0, loadResource: () => ({}), ...options });
  const { accounts, mates, goOn } = await situations[situation](start);
  const call = calls[name]({ accounts, start });
  const attempt = left === ALL ? { returned: true, value: call.act() } : nearTheEnd(left, shift, call.act);
  const { pending } = accounts;
  const { value } = attempt;
  const outcome = typeof value?.then === 'function' ? watch(value) : { state: 'fulfilled', value };
  await nextTurn();
  const done = attempt.returned && !isExhausted(outcome);

  const isStopped = name.startsWith('stop') && done;
  if (!isStopped) mates.push(watch(accounts.run('alice', () => 2)));
  goOn();
  const flushed = watch(accounts.flush());
  await atRest(...mates, flushed);
  const wrong = mates
    .filter(({ state }) => state !== 'fulfilled')
    .map(({ state }) => `another run is ${state}`);
  if (done && name !== 'next()') await atRest(outcome);
  wrong.push(await call.check({ value, done, outcome, pending }));

  const next = isStopped ? { value: 3 } : watch(accounts.run('bob', () => 3));
  const fresh = watch(start({}).run('alice', () => 4));
  const stopped = watch(accounts.stop());
  await atRest(fresh, stopped);
  if (next.value !== 3) wrong.push(`the next run is ${next.state}`);
  if (fresh.value !== 4) wrong.push(`the run of a new processor is ${fresh.state}`);
  if (stopped.state !== 'fulfilled') wrong.push(`stop() is ${stopped.state}`);
  if (accounts.pending !== 0) wrong.push(`${accounts.pending} are pending at the end`);
  return { found: wrong.filter((each) => each !== undefined), done };
}
