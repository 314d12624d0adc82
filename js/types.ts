/// <reference lib="esnext.disposable" preserve="true" />

import type { BatchError } from './errors.js';

/** What `lockResource`, `loadResource` and `saveResource` get besides the key. Those of one batch get the same. */
export interface BatchContext {
  /**
   * Aborts with a `TimeoutError` when the batch has lasted `maxDuration`, and with an `AbortError` after it has ended.
   *
   * It asks, it does not enforce: the batch ends when the function's promise settles.
   */
  readonly signal: AbortSignal;
}

/** Lets go of a lock. */
export type Release = () => void;

/** Options of `startProcessor`. All are optional, unknown ones are ignored. */
export interface ProcessorOptions<Resource, Key extends string | number = string> {
  /**
   * Every batch stays open at least so many milliseconds, from its first run. With 0 the window closes as soon as the
   * waiting operations ran, and what arrives while a save is under way forms the next batch.
   *
   * @defaultValue 100
   */
  minDuration?: number | undefined;
  /**
   * The batch's signal aborts so many milliseconds after its start. `Infinity`: never.
   *
   * @defaultValue `2 * minDuration`, or `Infinity` if `minDuration` is 0
   */
  maxDuration?: number | undefined;
  /**
   * The window closes early when so many operations have run.
   *
   * @defaultValue Infinity
   */
  maxOperations?: number | undefined;
  /**
   * Gets hold of the resource before it is loaded, and returns the function that lets it go, or undefined if there is no need for one. That
   * function is called once, after the save has settled or whatever else became of the batch. Called once a batch.
   *
   * @defaultValue no lock
   */
  lockResource?:
    | ((key: Key, context: BatchContext) => Release | undefined | PromiseLike<Release | undefined>)
    | undefined;
  /**
   * Gets the resource from where it is kept. Called once a batch.
   *
   * @defaultValue a function that resolves to undefined
   */
  loadResource?: ((key: Key, context: BatchContext) => Resource | PromiseLike<Resource>) | undefined;
  /**
   * Brings the resource back to where it is kept. Called once a batch, unless no operation of it changed anything.
   *
   * @defaultValue a function that does nothing
   */
  saveResource?: ((key: Key, resource: Resource, context: BatchContext) => unknown) | undefined;
}

/** `T`, unless it is a promise: an operation is synchronous. */
export type Sync<T> = T extends PromiseLike<unknown> ? never : T;

/** Validates and changes the resource in place, or reads it, synchronously. */
export type Operation<Resource, T> = (resource: Resource) => Sync<T>;

/** Options of a single run. */
export interface RunOptions {
  /** Cancels the run if it aborts before the operation ran. Any number of runs may share one. */
  signal?: AbortSignal | null | undefined;
}

/** Runs operations on resources, in batches. Started by `startProcessor`. */
export interface Processor<Resource, Key extends string | number = string> {
  /**
   * Runs an operation that changes the resource in place, in the batch of its key.
   *
   * Resolves to what the operation returned, after the resource has been saved. Rejects
   *
   * - with the very error that the operation threw, once the batch has ended (the batch goes on without it);
   * - with a `BatchError` if the resource could not be locked, loaded or saved;
   * - with an `OperationCancelledError` if `signal` aborted before the operation ran;
   * - with a `ProcessorStoppedError` after `stop()`;
   * - with a `TypeError` if key, operation or signal is none, or if the operation returned a promise.
   */
  run<T>(key: Key, operation: Operation<Resource, T>, options?: RunOptions): Promise<T>;

  /**
   * Runs an operation whose return value replaces the resource: for strings, numbers and immutable objects. Resolves to the
   * new resource after it has been saved, and rejects like `run`. `undefined` is handed to `saveResource` too: stores delete
   * the record then.
   */
  update<T extends Resource>(key: Key, operation: Operation<Resource, T>, options?: RunOptions): Promise<T>;

  /**
   * Takes its turn like `run`, after the changes before it, and resolves when the batch has ended: it never shows what was not
   * saved. It does not cause a save by itself. Rejects like `run`.
   */
  read<T>(key: Key, operation: Operation<Resource, T>, options?: RunOptions): Promise<T>;

  /**
   * Closes the window of the key's batch now, or of all batches. Resolves when every run accepted before has settled, and never
   * rejects: the outcome is each run's own.
   */
  flush(key?: Key): Promise<void>;

  /** Accepts no new runs, and flushes. Each call returns a promise for the same end. */
  stop(): Promise<void>;

  /** The same as `stop()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;

  /** The number of runs accepted and not settled yet. */
  readonly pending: number;

  /**
   * Calls back with the metric of every batch that ends, until the function that it returns is called, or `signal` aborts, or the
   * processor has stopped. A callback that throws is reported as an uncaught error, and disturbs nothing else.
   *
   * @throws TypeError if the callback is no function or the signal is none.
   */
  subscribeBatchMetrics(
    callback: (metric: BatchMetric<Key>) => void,
    options?: { signal?: AbortSignal | null | undefined },
  ): () => void;

  /**
   * The metrics of all batches that end from now on. It ends after the last batch of a stopped processor. Metrics not read yet are
   * kept without bound: read them, or leave the loop.
   */
  batchMetrics(): AsyncIterableIterator<BatchMetric<Key>, undefined>;
}

/**
 * What an ended batch tells about itself. Durations are in milliseconds with fractions, 0 for what did not take place, or took place before
 * anybody had subscribed.
 */
export interface BatchMetric<Key extends string | number = string> {
  readonly batchStart: Date;
  readonly resourceKey: Key;
  /** The number of operations that ran. */
  readonly operationCount: number;
  readonly lockResourceDuration: number;
  readonly loadResourceDuration: number;
  readonly saveResourceDuration: number;
  readonly totalDuration: number;
  /** Why the batch failed, if it did. */
  readonly error?: BatchError;
}

/** What a batch was doing when it failed. */
export type BatchPhase = 'lock' | 'load' | 'save';

/** The codes of `BatchError`. */
export type BatchErrorCode = 'ERR_LOCK_FAILED' | 'ERR_LOAD_FAILED' | 'ERR_SAVE_FAILED';
