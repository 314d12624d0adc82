import type { Batch } from './batch.js';
import { Batches } from './batches.js';
import { Cancellation } from './cancellation.js';
import { createEngine, needInitialized } from './engine.js';
import { EngineError, OperationCancelledError, ProcessorStoppedError } from './errors.js';
import { type Failing, watch } from './failure.js';
import { Host } from './host.js';
import { Mailbox } from './mailbox.js';
import { Metrics } from './metrics.js';
import { type AnyOperation, Kind } from './operations.js';
import { captureScope, resolved } from './scope.js';
import { mistyped, needFunction, settings } from './settings.js';
import type { Shared } from './shared.js';
import { attach, detach, isAborted, reasonOf, signalOf } from './signals.js';
import { Tally } from './tally.js';
import type {
  BatchMetric,
  Operation,
  Processor,
  ProcessorOptions,
  RunOptions,
  SignalOptions,
} from './types.js';

/** A platform that has no such symbol yet gets the one that compilers fall back to. */
const asyncDispose: typeof Symbol.asyncDispose = Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose');

/** The face of the engine: checks what it is given, and leads every run to its batch. */
export class LocalProcessor<Resource, Key extends string | number>
  implements Processor<Resource, Key>, Failing
{
  /** See idle.ts. A static field stays, where a variable that nobody reads is collected. */
  static idle: LocalProcessor<unknown, string> | undefined;
  declare readonly [Symbol.asyncDispose]: () => Promise<void>;
  readonly #batches = new Batches();
  readonly #metrics = new Metrics();
  readonly #shared: Shared;
  /** Resolves when all runs have settled that had been accepted before the last flush of all. */
  #flushed: Promise<unknown> = resolved;
  #stopped: Promise<void> | undefined;
  /** What the engine has failed with. */
  #failure: { cause: unknown } | undefined;

  constructor(options: ProcessorOptions<Resource, Key>) {
    const checked = settings(options);
    needInitialized();
    this.#shared = {
      settings: checked,
      mailbox: new Mailbox(() => createEngine(checked, new Host(this.#batches))),
      metrics: this.#metrics,
      pending: 0,
      flushesAtOnce: false,
      generation: new Tally(),
    };
    this[asyncDispose] = () => this.stop();
    watch(this);
  }

  run<T>(key: Key, operation: Operation<Resource, T>, options?: RunOptions): Promise<T> {
    return this.#accept(Kind.Run, key, operation, options);
  }

  update<T extends Resource>(key: Key, operation: Operation<Resource, T>, options?: RunOptions): Promise<T> {
    return this.#accept(Kind.Update, key, operation, options);
  }

  read<T>(key: Key, operation: Operation<Resource, T>, options?: RunOptions): Promise<T> {
    return this.#accept(Kind.Read, key, operation, options);
  }

  async flush(key?: Key): Promise<void> {
    if (key === undefined) return void (await this.#flush(false));
    const batch = this.#batches.latest(key);
    // A batch may just have ended: its callers hear first.
    await (batch ? this.#batches.flushOne(batch) : resolved);
  }

  async stop(options?: SignalOptions): Promise<void> {
    const signal = signalOf(options);
    if (!this.#stopped) await this.#flush(true);
    return signal ? this.#unless(signal) : this.#stopped;
  }

  get pending(): number {
    return this.#shared.pending;
  }

  get flushesAtOnce(): boolean {
    return this.#shared.flushesAtOnce;
  }

  set flushesAtOnce(flushesAtOnce: boolean) {
    this.#shared.flushesAtOnce = flushesAtOnce;
  }

  subscribeBatchMetrics(callback: (metric: BatchMetric<Key>) => void, options?: SignalOptions): () => void {
    return this.#metrics.subscribe(callback as (metric: BatchMetric<string | number>) => void, options);
  }

  batchMetrics(): AsyncIterableIterator<BatchMetric<Key>, undefined> {
    return this.#metrics.iterate() as AsyncIterableIterator<BatchMetric<Key>, undefined>;
  }

  /** @internal */
  fail(cause: unknown): void {
    this.#failure = { cause };
    for (const { number, key } of this.#batches.underWay()) {
      let batch: Batch;
      do {
        batch = this.#batches.at(number);
        batch.release();
        batch.end(() => new EngineError(key, cause));
      } while (this.#batches.end(batch));
    }
  }

  /** First what can fail, then only stores: it is done whole, or not at all. To flush costs the same, whatever is pending. */
  #flush(stops: boolean): Promise<unknown> {
    const { mailbox, generation } = this.#shared;
    const before = this.#flushed;
    const next = new Tally();
    const flushed = resolved.then(() => Promise.all([before, generation.settled]));
    const stopped = stops ? flushed.then(this.#end) : undefined;
    mailbox.lookAtAll();
    this.#shared.generation = next;
    this.#batches.flushed = this.#batches.opened;
    this.#flushed = flushed;
    this.#stopped ??= stopped;
    this.#metrics.isStopped ||= stops;
    return stops ? resolved : flushed;
  }

  readonly #end = async (): Promise<void> => {
    await this.#batches.keys.settled;
    this.#metrics.end();
  };

  /** Waits for the end no longer when the signal aborts, and asks the batches under way to give up. */
  #unless(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = (reason: unknown) => {
        for (const batch of this.#batches.underWay()) batch.abort(() => reason);
        reject(reason);
      };
      if (isAborted(signal)) return cancel(reasonOf(signal));
      const cancellable = { cancel };
      attach(signal, cancellable);
      this.#stopped?.then(() => {
        detach(signal, cancellable);
        resolve();
      });
    });
  }

  #accept<T>(kind: Kind, key: Key, operation: AnyOperation, options?: RunOptions): Promise<T> {
    let cancellation: Cancellation | undefined;
    try {
      if (typeof key !== 'string' && !isNumber(key)) throw mistyped('key', 'a string or a number', key);
      needFunction('operation', operation);
      const signal = signalOf(options);
      if (this.#failure) throw new EngineError(key, this.#failure.cause);
      if (this.#stopped) throw new ProcessorStoppedError(key);
      if (signal) {
        if (isAborted(signal)) throw new OperationCancelledError(key, reasonOf(signal));
        cancellation = new Cancellation(key, signal);
        // Whoever is asked to listen may do anything, even abort it.
        if (isAborted(signal)) throw new OperationCancelledError(key, reasonOf(signal));
      }

      // First what can fail, as any call does where the stack ends, and no user's code any more; then what cannot.
      const scope = captureScope?.();
      const latest = this.#batches.latest(key);
      const batch =
        latest && this.#batches.isOpen(latest) ? latest : this.#batches.open(key, latest, this.#shared);
      return batch.add(kind, operation, scope, cancellation) as Promise<T>;
    } catch (error) {
      cancellation?.take();
      return Promise.reject(error);
    }
  }
}

function isNumber(key: unknown): boolean {
  return typeof key === 'number' && !Number.isNaN(key);
}
