/// <reference lib="esnext.disposable" preserve="true" />

import type { BatchError } from './errors.js';

export type { BatchContext, CallContext, ProcessorOptions, Release, SavedBatch } from './options.js';

/** `T`, unless that is a promise: an operation is synchronous. */
export type Sync<T> = T extends PromiseLike<unknown> ? never : T;

/** Validates and changes the resource in place, or reads it, synchronously. */
export type Operation<Resource, T> = (resource: Resource) => Sync<T>;

/** Options of `stop` and `subscribeBatchMetrics`. */
export interface SignalOptions {
  signal?: AbortSignal | null | undefined;
}

/** Options of a single run. */
export interface RunOptions extends SignalOptions {
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
   * - with an `EngineError` if the engine has failed;
   * - with a `TypeError` if the key is neither a string nor a number, the operation no function or the signal no AbortSignal, or if the
   *   operation returned a promise.
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

  /**
   * Accepts no new runs, and flushes. Resolves when all runs have settled and nothing is being locked, loaded or saved any more, so that a
   * database can be closed after it. Each call returns a promise for the same end.
   *
   * If `signal` aborts first, the signals of the batches under way abort with its reason, and the promise rejects with that. The callers of
   * what ends afterwards still hear of it. Without a `signal` it never rejects.
   */
  stop(options?: SignalOptions): Promise<void>;

  /** The same as `stop()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;

  /** The number of runs accepted and not settled yet. */
  readonly pending: number;

  /**
   * While it is true, the window of a batch closes when its load has ended, as with `minDuration: 0`. A window that is open already stays so:
   * `flush` closes it. For programs that may be stopped at any moment, or whose timers are late; `flushOnHide` of `groupcommit/browser` sets
   * it while the page is hidden.
   *
   * @defaultValue false
   */
  flushesAtOnce: boolean;

  /**
   * Calls back with the metric of every batch that ends, until the function that it returns is called, or `signal` aborts, or the
   * processor has stopped. A callback that throws is reported as an uncaught error, and disturbs nothing else.
   *
   * @throws TypeError if the callback is no function or the signal is none.
   */
  subscribeBatchMetrics(callback: (metric: BatchMetric<Key>) => void, options?: SignalOptions): () => void;

  /**
   * The metrics of all batches that end from now on. The iteration ends after the last batch of a stopped processor. Metrics that have not
   * been read yet are kept without bound: read them, or leave the loop.
   */
  batchMetrics(): AsyncIterableIterator<BatchMetric<Key>, undefined>;
}

/** What an ended batch tells about itself. Durations are in milliseconds with fractions, 0 for what did not take place. */
export interface BatchMetric<Key extends string | number = string> {
  /** Right also for a batch that was under way when the first subscriber came, like `totalDuration`. */
  readonly batchStart: Date;
  readonly resourceKey: Key;
  /** The number of operations that ran; the last time, if they ran more than once. */
  readonly operationCount: number;
  /** This and the next two are 0 also for a call that was under way, or over, when the first subscriber came. */
  readonly lockResourceDuration: number;
  readonly loadResourceDuration: number;
  readonly saveResourceDuration: number;
  readonly totalDuration: number;
  /** 1, and 1 more for each time that the batch started over after a conflict. */
  readonly attempts: number;
  /** How many batches were in the call that loaded it, and in the one that saved it; 0 if there was none. */
  readonly loadedTogether: number;
  readonly savedTogether: number;
  /** Why the batch failed, if it did. */
  readonly error?: BatchError;
}

/** What failed. */
export type BatchPhase = 'lock' | 'load' | 'save';

/** The codes of `BatchError`. */
export type BatchErrorCode = 'ERR_LOCK_FAILED' | 'ERR_LOAD_FAILED' | 'ERR_SAVE_FAILED';
