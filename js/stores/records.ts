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
  json: string | null | undefined,
  key: Key,
  initial: ((key: Key) => Resource) | undefined,
): Resource | Error | undefined {
  return attempt(() => (json == null ? initial?.(key) : JSON.parse(json)));
}

/** The record of a resource, as JSON; the Error for its place, if that would make another value of it; undefined for undefined. */
export function jsonOf(resource: unknown): string | Error | undefined {
  return attempt(() => {
    const json = JSON.stringify(resource);
    const fault = resource !== undefined && faultOf(resource);
    if (fault) throw new TypeError(`JSON cannot hold it: it${fault}`);
    return json;
  });
}

/** A `ConflictError`, as its code tells. */
export function conflict(key: string | number): Error {
  const error = new Error(`The record ${JSON.stringify(key)} has been changed by others`);
  return Object.assign(error, { name: 'ConflictError', code: 'ERR_CONFLICT' });
}

/** What the task returns; if it throws, an Error of this realm for the place of its batch: `instanceof` tells it from a record. */
function attempt<T>(task: () => T): T | Error {
  try {
    return task();
  } catch (thrown) {
    return thrown instanceof Error ? thrown : new Error('No Error was thrown', { cause: thrown });
  }
}

/**
 * Where in a value something lies that JSON does not give back as it is, and what that is: `.items.2.price is NaN`. What is inside of
 * itself, and a BigInt, JSON has refused before.
 */
function faultOf(value: unknown): string | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value))
    return undefined;
  if (typeof value !== 'object') return ` is ${typeof value === 'number' ? value : typeof value}`;
  const isArray = Array.isArray(value);
  if (!isArray && !isPlain(value)) return ` is a ${value.constructor?.name}`;
  // Those of an array are there also where it has holes.
  for (const name of isArray ? value.keys() : Object.keys(value)) {
    const fault = faultOf((value as Record<string | number, unknown>)[name]);
    if (fault) return `.${name}${fault}`;
  }
  return undefined;
}

/** Also if it is of another realm. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return !prototype || !Object.getPrototypeOf(prototype);
}
