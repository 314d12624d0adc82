import { ConflictError } from '../core/errors.js';
import { show } from '../core/settings.js';
import { attempt } from './failure.js';

/**
 * The text under which a record is kept. A string is its own. With `#` begins what would be ambiguous, or is no text everywhere: numbers
 * (`#1`), and strings with a `#` in front, a NUL or half a surrogate pair, as JSON (`#"#1"`).
 */
export function keyText(key: string | number): string {
  if (typeof key === 'number') return `#${key}`;
  return /^#|\0|\p{Surrogate}/u.test(key) ? `#${JSON.stringify(key)}` : key;
}

/** The resource of a record, or what keeps it from being made: the failure of this batch alone. */
export function resourceOf<Resource, Key extends string | number>(
  json: string | undefined,
  key: Key,
  initial: ((key: Key) => Resource) | undefined,
): Resource | Error | undefined {
  return attempt(() => {
    if (json === undefined) return initial?.(key);
    try {
      return JSON.parse(json);
    } catch (cause) {
      throw new SyntaxError(`The record ${show(key)} is no JSON: ${(cause as Error).message}`, { cause });
    }
  });
}

/** The record of a resource, as JSON; the Error for its place, if that would make another value of it; undefined for undefined. */
export function jsonOf(resource: unknown, key: string | number): string | Error | undefined {
  if (resource === undefined) return undefined;
  return attempt(() => {
    const fault = faultOf(resource, []);
    if (fault === undefined) return JSON.stringify(resource);
    throw new TypeError(`The resource ${show(key)} cannot be kept as JSON: it${fault}`);
  });
}

/** The record has been changed by others since it was loaded. */
export function conflict(key: string | number): ConflictError {
  return new ConflictError(`The record ${show(key)} has been changed by others since it was loaded`);
}

/** Where something lies in a value that JSON does not give back as it is, and what it is: `.items[2].price is NaN`. */
function faultOf(value: unknown, above: object[]): string | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value))
    return undefined;
  if (typeof value !== 'object') return ` is ${show(value)}`;
  if (above.includes(value)) return ' is inside of itself';
  const isArray = Array.isArray(value);
  if (!isArray && !isPlain(value)) return ` is of a class, ${value.constructor?.name}`;
  above.push(value);
  const names = isArray ? value.keys() : Object.keys(value);
  for (const name of names) {
    const fault = faultOf((value as Record<string | number, unknown>)[name], above);
    if (fault !== undefined) return `${isArray ? `[${name}]` : `.${name}`}${fault}`;
  }
  above.pop();
  return undefined;
}

/** Also if it is of another realm. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
