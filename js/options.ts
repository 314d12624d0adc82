import type { BatchContext } from './types.js';

/** Options with their defaults filled in. */
export interface Settings {
  readonly minDuration: number;
  readonly maxDuration: number;
  readonly maxOperations: number;
  /** Whether runs that came together can end up in several batches. */
  readonly canSplit: boolean;
  readonly lockResource: ((key: string | number, context: BatchContext) => unknown) | undefined;
  readonly loadResource: ((key: string | number, context: BatchContext) => unknown) | undefined;
  readonly saveResource:
    | ((key: string | number, resource: unknown, context: BatchContext) => unknown)
    | undefined;
}

/** The longest that a timer can wait. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Checks the options of `startProcessor`. */
export function settings(options: unknown): Settings {
  if (typeof options !== 'object' || options === null) {
    throw mistyped('The options', 'an object', options);
  }
  const {
    minDuration = 100,
    maxOperations = Infinity,
    lockResource,
    loadResource,
    saveResource,
  } = options as Partial<Settings>;
  number('minDuration', minDuration, 'from 0 to 2147483647', (value) => value >= 0 && value <= LONGEST_TIMER);
  const { maxDuration = minDuration === 0 ? Infinity : 2 * minDuration } = options as Partial<Settings>;
  number(
    'maxDuration',
    maxDuration,
    `of at least minDuration (${minDuration})`,
    (value) => value >= minDuration,
  );
  number('maxOperations', maxOperations, 'that is whole and at least 1', isCount);
  if (lockResource !== undefined) needFunction('lockResource', lockResource);
  if (loadResource !== undefined) needFunction('loadResource', loadResource);
  if (saveResource !== undefined) needFunction('saveResource', saveResource);

  const canSplit = maxOperations < Infinity;
  return { minDuration, maxDuration, maxOperations, canSplit, lockResource, loadResource, saveResource };
}

function isCount(value: number): boolean {
  return value >= 1 && (Number.isInteger(value) || value === Infinity);
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
