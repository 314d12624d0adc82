import type { BatchContext, CallContext, SavedBatch } from './types.js';

type Key = string | number;

/** Options with their defaults filled in. */
export interface Settings {
  readonly minDuration: number;
  readonly maxDuration: number;
  readonly maxOperations: number;
  readonly concurrency: number;
  readonly retries: number;
  readonly maxKeys: number;
  readonly lockResource: ((key: Key, batch: BatchContext) => unknown) | undefined;
  readonly loadResource: ((key: Key, batch: BatchContext) => unknown) | undefined;
  readonly saveResource: ((key: Key, resource: unknown, batch: BatchContext) => unknown) | undefined;
  readonly loadResources: ((batches: BatchContext[], call: CallContext) => unknown) | undefined;
  readonly saveResources: ((batches: SavedBatch<unknown>[], call: CallContext) => unknown) | undefined;
}

/** The longest that a timer can wait. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Checks the options of `startProcessor`. */
export function settings(options: unknown): Settings {
  if (typeof options !== 'object' || options === null) {
    throw mistyped('The options', 'an object', options);
  }
  const { minDuration = 100 } = options as Partial<Settings>;
  number('minDuration', minDuration, 'from 0 to 2147483647', (value) => value >= 0 && value <= LONGEST_TIMER);
  const {
    maxDuration = minDuration === 0 ? Infinity : 2 * minDuration,
    maxOperations = Infinity,
    concurrency = Infinity,
    retries = 0,
    maxKeys = Infinity,
    lockResource,
    loadResource,
    saveResource,
    loadResources,
    saveResources,
  } = options as Partial<Settings>;
  const isCount = (value: number) => value >= 1 && (Number.isInteger(value) || value === Infinity);
  const range = `of at least minDuration (${minDuration})`;
  number('maxDuration', maxDuration, range, (value) => value >= minDuration);
  number('maxOperations', maxOperations, 'that is whole and at least 1', isCount);
  number('concurrency', concurrency, 'that is whole and at least 1', isCount);
  number('retries', retries, 'that is whole and at least 0', (value) => value === 0 || isCount(value));
  number('maxKeys', maxKeys, 'that is whole and at least 1', isCount);

  const callbacks = { lockResource, loadResource, saveResource, loadResources, saveResources };
  for (const [name, callback] of Object.entries(callbacks)) {
    if (callback !== undefined) needFunction(name, callback);
  }
  if (loadResource && loadResources) throw new TypeError('loadResource and loadResources exclude each other');
  if (saveResource && saveResources) throw new TypeError('saveResource and saveResources exclude each other');
  return { minDuration, maxDuration, maxOperations, concurrency, retries, maxKeys, ...callbacks };
}

function number(name: string, value: unknown, range: string, isInRange: (value: number) => boolean): void {
  if (typeof value !== 'number') throw mistyped(name, 'a number', value);
  if (!isInRange(value)) throw new RangeError(`${name} must be a number ${range}, not ${value}`);
}

/** @throws TypeError that names what is no function. */
export function needFunction(name: string, value: unknown): void {
  if (typeof value !== 'function') throw mistyped(name, 'a function', value);
}

/** The error for a value that is not of the expected type. */
export function mistyped(name: string, expected: string, value: unknown): TypeError {
  return new TypeError(`${name} must be ${expected}, not ${show(value)}`);
}

/** Names a value that was not expected, without calling anything of it. */
export function show(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'number' || value === null || value === undefined) return `${value}`;
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
