import { throwIt } from '../support.js';
import { resolvedWith, sample, thenOf } from './kinds.js';
import { rejections, things } from './things.js';
import type { Accounts, Place } from './trial.js';

const returned = [...things, ...rejections];

const positions: [string, Partial<Place>, { signal: AbortSignal } | undefined][] = [
  ['the first run', { comesFirst: true }, undefined],
  ['a later run', {}, undefined],
  ['a run with a signal', {}, { signal: new AbortController().signal }],
];

/** What operations give back. */
export const operationPlaces = (['run', 'update', 'read'] as const).flatMap((method) =>
  positions.flatMap(([position, base, options]): Place[] => {
    const call = (operation: () => unknown) => (accounts: Accounts) =>
      (accounts[method] as Accounts['run'])('hostile', operation as never, options);
    return [
      {
        ...base,
        name: `what the operation of ${position} returns: ${method}`,
        things: returned,
        call: (accounts, value) => call(() => value)(accounts),
        // A promise that has no then is no thenable, and nobody but the caller can handle it.
        expected: async (thing) => {
          if (thenOf(sample(thing)) === 'function') return ['rejected: TypeError'];
          return [await resolvedWith(thing)];
        },
      },
      {
        ...base,
        name: `what the operation of ${position} throws: ${method}`,
        things,
        call: (accounts, value) => call(() => throwIt(value))(accounts),
        expected: () => ['rejected: itself'],
      },
    ];
  }),
);
