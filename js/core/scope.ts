/** An asynchronous context, to go back to. */
export interface Scope {
  runInAsyncScope<Result>(
    callback: (...values: never[]) => Result,
    self: unknown,
    ...values: unknown[]
  ): Result;
}

interface AsyncHooks {
  AsyncResource: new (type: string) => Scope;
}

interface Modules {
  getBuiltinModule?(name: 'node:async_hooks'): AsyncHooks | undefined;
}

/**
 * What carries the asynchronous context in Node, Deno, Bun and workerd. Browsers have none, and nothing to import it
 * from. Whether anybody uses a context cannot be known, so it is not asked.
 */
const AsyncResource = findAsyncResource();

function findAsyncResource(): AsyncHooks['AsyncResource'] | undefined {
  try {
    return (globalThis as { process?: Modules }).process?.getBuiltinModule?.('node:async_hooks')
      ?.AsyncResource;
  } catch {
    // On Vercel's edge, to look for what it does not have throws.
    return undefined;
  }
}

/** The context of whoever calls it, where the platform has one. */
export const captureScope = AsyncResource && (() => new AsyncResource('groupcommit'));

/** The context in which this module was loaded: that of no caller. */
const outside = captureScope?.();

/** For what outlives a caller, so that it does not keep the caller's context alive. */
export function callOutside<Result>(callback: () => Result): Result {
  return outside ? outside.runInAsyncScope(callback, undefined) : callback();
}

/** Its reactions are microtasks. Made outside, and never pending: nothing is kept by it. */
export const resolved = Promise.resolve();
