import type { Outcome } from '../../node/support.js';
import { atRest, noop } from '../support.js';
import { type Thing, thrown } from './things.js';

/** What hostile things call back with. */
export const answer = Object.assign(() => {}, { toString: () => 'answer' });

/** Names a value without looking at it, if it is the thing itself. */
export function kindOf(value: unknown, itself: unknown): string {
  if (Object.is(value, itself)) return 'itself';
  if (value === answer) return 'answer';
  if (value === thrown) return 'thrown';
  if (typeof value === 'string') return value;
  if (value instanceof Error) {
    const { code } = value as { code?: unknown };
    if (typeof code !== 'string') return value.name;
    return code === 'ERR_OPERATION_CANCELLED' || code.endsWith('_FAILED')
      ? `${code} ${kindOf(value.cause, itself)}`
      : code;
  }
  return typeof value;
}

/** One of the things, to look at: if it rejects, that is handled. */
export function sample(thing: Thing): unknown {
  const value = thing.make(answer);
  if (thing.rejects) Promise.prototype.then.call(value, undefined, noop);
  return value;
}

/** For outcomes whose fulfilment with the thing itself is one thing, and rejection with it another. */
export function kindOfOutcome(outcome: Outcome, itself: unknown): string {
  if (outcome.state === 'pending') return 'pending';
  if (outcome.state === 'fulfilled') return kindOf(outcome.value, itself);
  return `rejected: ${kindOf(outcome.reason, itself)}`;
}

async function kindOfPromise(thing: Thing, take: (value: unknown) => Promise<unknown>): Promise<string> {
  const value = thing.make(answer);
  return kindOfOutcome(await atRest(take(value)), value);
}

/** What becomes of a promise that is resolved with the thing. */
export function resolvedWith(thing: Thing): Promise<string> {
  return kindOfPromise(thing, (value) => new Promise((resolve) => resolve(value)));
}

/** What becomes of the thing where it is awaited: other than above, a `then` of its own does not count for a native promise. */
export function awaited(thing: Thing): Promise<string> {
  return kindOfPromise(thing, async (value) => {
    await value;
    return new Promise((resolve, reject) =>
      Promise.prototype.then.call(Promise.resolve(value), resolve, reject),
    );
  });
}

export type Then = 'none' | 'function' | 'throws';

/** What a look at `then` finds. */
export function thenOf(value: unknown): Then {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return 'none';
  try {
    return typeof (value as { then?: unknown }).then === 'function' ? 'function' : 'none';
  } catch {
    return 'throws';
  }
}

/** What reading a property of a value gives. */
export function read(value: unknown, name: string): 'value' | 'throws' {
  try {
    (value as Record<string, unknown>)?.[name];
    return 'value';
  } catch {
    return 'throws';
  }
}
