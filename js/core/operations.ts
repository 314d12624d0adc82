import type { Scope } from './scope.js';
import { isThenable, notSynchronous } from './thenables.js';

/** What an operation is to do with the resource. */
export enum Kind {
  Run,
  Update,
  Read,
}

/** An operation, whatever the resource is. */
export type AnyOperation = (resource: never) => unknown;

/** Runs an operation in its caller's context. */
export function operate(operation: AnyOperation, resource: unknown, scope: Scope | undefined): unknown {
  const value = scope ? scope.runInAsyncScope(operation, undefined, resource) : operation(resource as never);
  if (isThenable(value)) throw notSynchronous(value);
  return value;
}
