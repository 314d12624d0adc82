import { type BatchError, OperationCancelledError } from './errors.js';
import type { Group } from './group.js';
import { attach, type Cancellable, detach } from './signals.js';

/** What an operation is to do with the resource. */
export enum Kind {
  Run,
  Update,
  Read,
}

/** An operation, as the engine's host sees it. */
export type AnyOperation = (resource: never) => unknown;

/** Makes the error for one more run of a batch that failed. */
export type BatchFailure = (() => BatchError) | undefined;

/** Resolves or rejects a promise. */
export type Settle = (value: unknown) => void;

/** The outcome of an operation that threw; that of any other is the value that it returned. */
export class Thrown {
  constructor(readonly error: unknown) {}
}

/**
 * A run that needs more than its operation and a place in its group: it is of another kind, or it has a promise of its own, because
 * it can be cancelled or is not sure to settle with its group.
 */
export class Run implements Cancellable {
  readonly kind: Kind;
  operation: AnyOperation | undefined;
  outcome: unknown = undefined;
  isSettled = false;
  #signal: AbortSignal | undefined = undefined;
  #group: Group | undefined = undefined;
  #resolve: Settle | undefined = undefined;
  #reject: Settle | undefined = undefined;

  constructor(kind: Kind, operation: AnyOperation) {
    this.kind = kind;
    this.operation = operation;
  }

  /** Makes the promise that `settle` settles. */
  promise(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get hasPromise(): boolean {
    return this.#resolve !== undefined;
  }

  /** Has the signal cancel the run, until it is taken. */
  cancelOn(signal: AbortSignal, group: Group): void {
    this.#signal = signal;
    this.#group = group;
    attach(signal, this);
  }

  /** It is the run's turn: from now on it cannot be cancelled any more. */
  take(): AnyOperation {
    const operation = this.operation as AnyOperation;
    this.operation = undefined;
    if (this.#signal) detach(this.#signal, this);
    return operation;
  }

  cancel(reason: unknown): void {
    const group = this.#group as Group;
    this.operation = undefined;
    this.isSettled = true;
    this.#reject?.(new OperationCancelledError(group.key, reason));
    group.cancelled();
  }

  /** The run's turn to settle has come, unless it has been cancelled. */
  settle(error: BatchFailure): void {
    if (this.isSettled) return;
    this.isSettled = true;
    settle(this.#resolve as Settle, this.#reject as Settle, this.outcome, error);
  }
}

/** Settles a promise: with the error of the batch, or else with the outcome of the operation. */
export function settle(resolve: Settle, reject: Settle, outcome: unknown, error: BatchFailure): void {
  if (error) reject(error());
  else if (outcome instanceof Thrown) reject(outcome.error);
  else resolve(outcome);
}

/** Runs an operation. */
export function attempt(operation: AnyOperation, resource: unknown): unknown {
  try {
    const value = operation(resource as never);
    return isThenable(value) ? asynchronous(value) : value;
  } catch (error) {
    return new Thrown(error);
  }
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}

/** An operation that returns a promise is a mistake, whatever becomes of the promise. */
function asynchronous(promise: PromiseLike<unknown>): Thrown {
  Promise.resolve(promise).then(undefined, () => {});
  return new Thrown(new TypeError('An operation must be synchronous, but this one returned a promise'));
}
