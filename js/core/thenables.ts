/**
 * Whether the platform would take the value for a promise. It may be anything, and looking at it may throw: then there
 * is nothing to see.
 */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (typeof value !== 'function' && (typeof value !== 'object' || value === null)) return false;
  try {
    return typeof (value as { then?: unknown }).then === 'function';
  } catch {
    return false;
  }
}

/** Whether the value is an error, also one of another realm. If looking at it throws, it is none. */
export function isError(value: unknown): boolean {
  try {
    return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]';
  } catch {
    return false;
  }
}

/**
 * The error for an operation that returned a promise, whatever becomes of that. A native one is not left unhandled. To
 * call the `then` of anything else might begin what it stands for: a query builder would send its query.
 */
export function notSynchronous(promise: PromiseLike<unknown>): TypeError {
  try {
    Promise.prototype.then.call(promise as Promise<unknown>, undefined, () => {});
  } catch {
    // It is no native promise.
  }
  return new TypeError('An operation must be synchronous, but this one returned a promise');
}
