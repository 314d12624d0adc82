import { startProcessor } from 'groupcommit';
import { throwIt } from '../support.js';
import { read, sample } from './kinds.js';
import { objects, primitives, type Thing, thenables, things } from './things.js';
import type { Place } from './trial.js';

/** Where a signal is expected, and a stranger comes. */
export function signals(): Place[] {
  const strangers = [...primitives, ...objects, ...thenables];
  const expected = (accepted: string) => (thing: Thing) => {
    const value = sample(thing);
    if (value === undefined || value === null) return [accepted];
    // To ask a Proxy what it is may throw.
    return thing.name.includes('Proxy') || read(value, 'then') === 'throws'
      ? ['rejected: TypeError', 'rejected: thrown']
      : ['rejected: TypeError'];
  };
  return [
    {
      name: 'the signal of a run',
      things: strangers,
      call: (accounts, value) => accounts.run('hostile', () => 'own', { signal: value as never }),
      expected: expected('own'),
    },
    {
      name: 'the signal of a subscription',
      things: strangers,
      call: (accounts, value) => accounts.subscribeBatchMetrics(() => {}, { signal: value as never }),
      expected: expected('function'),
    },
    {
      name: 'the signal of a stop',
      things: strangers,
      call: (_, value) => stop({ signal: value }),
      expected: expected('stopped'),
    },
    {
      name: 'the options of a stop',
      things: strangers,
      call: (_, value) => stop(value),
      expected: (thing) => {
        const value = sample(thing);
        if (read(value, 'signal') === 'throws') return ['rejected: TypeError', 'rejected: thrown'];
        const isObject = typeof value === 'object' || value === undefined;
        return isObject ? ['stopped'] : ['stopped', 'rejected: TypeError'];
      },
    },
    {
      name: 'the reason of an abort',
      things: strangers,
      call: (accounts, value) => {
        const controller = new AbortController();
        const run = accounts.run('hostile', () => 'own', { signal: controller.signal });
        controller.abort(value);
        return run;
      },
      expected: (thing) => [
        `rejected: ERR_OPERATION_CANCELLED ${sample(thing) === undefined ? 'AbortError' : 'itself'}`,
      ],
    },
  ];
}

export function subscribers(): Place[] {
  return [
    {
      name: 'a subscriber',
      things: things.filter(({ name }) => !name.includes('revoked Proxy of a function')),
      call: (accounts, value) => accounts.subscribeBatchMetrics(value as never),
      expected: (thing) => [typeof sample(thing) === 'function' ? 'function' : 'rejected: TypeError'],
    },
    {
      name: 'what a subscriber returns',
      things,
      call: (accounts, value) => accounts.subscribeBatchMetrics((() => value) as never),
      expected: () => ['function'],
    },
    {
      name: 'what a subscriber throws',
      things,
      call: (accounts, value) => {
        const unsubscribe = accounts.subscribeBatchMetrics(() => (unsubscribe(), throwIt(value)));
      },
      expected: () => ['undefined'],
      reports: () => ['itself'],
    },
  ];
}

/** A stop that is refused stops nothing. */
async function stop(options: unknown): Promise<string> {
  const accounts = startProcessor({ minDuration: 0 });
  try {
    await (accounts.stop as (options: unknown) => Promise<void>)(options);
  } catch (error) {
    await accounts.run('key', () => 1);
    await accounts.stop();
    throw error;
  }
  return 'stopped';
}
