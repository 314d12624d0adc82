import { startProcessor } from 'groupcommit';
import { throwIt } from '../support.js';
import { callbackPlaces } from './callbacks.js';
import { read, sample } from './kinds.js';
import { operationPlaces } from './operations.js';
import { signals, subscribers } from './signals.js';
import { things } from './things.js';
import type { Place } from './trial.js';

const numberNames = ['minDuration', 'maxDuration', 'maxOperations', 'concurrency'];
const callbackNames = ['lockResource', 'loadResource', 'saveResource'];
const optionNames = [...numberNames, ...callbackNames];

const numbers = numberNames.map(
  (option): Place => ({
    name: `the option ${option}`,
    things,
    call: (_, value) => startProcessor({ minDuration: 0, [option]: value }),
    expected: (thing) => {
      const value = sample(thing);
      if (value === undefined) return ['object'];
      if (typeof value !== 'number') return ['rejected: TypeError'];
      return Object.is(value, -0) && option.endsWith('Duration') ? ['object'] : ['rejected: RangeError'];
    },
  }),
);

const callbacks = callbackNames.map(
  (option): Place => ({
    name: `the option ${option}`,
    things,
    call: (_, value) => startProcessor({ minDuration: 0, [option]: value }),
    expected: (thing) =>
      typeof sample(thing) === 'function' || sample(thing) === undefined
        ? ['object']
        : ['rejected: TypeError'],
  }),
);

const isObject = (value: unknown) => typeof value === 'object' && value !== null;

export const places: Place[] = [
  {
    name: 'the options of a processor',
    things,
    call: (_, value) => startProcessor(value as object),
    expected: (thing) => {
      const value = sample(thing);
      if (read(value, 'minDuration') === 'throws') return ['rejected: TypeError', 'rejected: thrown'];
      if (value === undefined) return ['object', 'rejected: TypeError'];
      return isObject(value)
        ? ['object']
        : ['rejected: TypeError', ...(typeof value === 'function' ? ['object'] : [])];
    },
  },
  ...numbers,
  ...callbacks,
  ...optionNames.map(
    (option): Place => ({
      name: `a getter of the option ${option}`,
      things,
      call: (_, value) => startProcessor(Object.defineProperty({}, option, { get: () => throwIt(value) })),
      expected: () => ['rejected: itself'],
    }),
  ),
  {
    name: 'a key',
    things,
    call: (accounts, value) => accounts.run(value as string, () => 'own'),
    expected: (thing) => {
      const value = sample(thing);
      const isKey = typeof value === 'string' || (typeof value === 'number' && !Number.isNaN(value));
      return [isKey ? 'own' : 'rejected: TypeError'];
    },
  },
  {
    name: 'the key of a flush',
    things,
    call: (accounts, value) => accounts.flush(value as string).then(() => 'own'),
    expected: () => ['own'],
  },
  {
    name: 'an operation',
    things,
    call: (accounts, value) => accounts.run('hostile', value as never).then((result) => typeof result),
    expected: (thing) => {
      if (typeof sample(thing) !== 'function') return ['rejected: TypeError'];
      return [thing.name.includes('revoked') ? 'rejected: TypeError' : 'undefined'];
    },
  },
  ...operationPlaces,
  ...callbackPlaces,
  {
    name: 'the options of a run',
    things,
    call: (accounts, value) => accounts.run('hostile', () => 'own', value as object),
    expected: (thing) => {
      const value = sample(thing);
      if (read(value, 'signal') === 'throws') return ['rejected: TypeError', 'rejected: thrown'];
      return isObject(value) || value === null || value === undefined
        ? ['own']
        : ['own', 'rejected: TypeError'];
    },
  },
  ...signals(),
  ...subscribers(),
];
