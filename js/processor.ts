import type { Engine } from '../pkg/groupcommit.js';
import { OperationCancelledError, ProcessorStoppedError } from './errors.js';
import { Group, type Home } from './group.js';
import { Groups } from './groups.js';
import { Line } from './line.js';
import { Metrics } from './metrics.js';
import { mistyped, needFunction, type Settings, settings } from './options.js';
import { Kind } from './run.js';
import { signalOf } from './signals.js';
import type { BatchMetric, Operation, Processor, ProcessorOptions, RunOptions } from './types.js';

/** Makes the engine of one processor, and with the first one its WebAssembly instance. */
export type EngineFactory = (settings: Settings, groups: Groups) => Engine;

/** A platform that has no such symbol yet gets the one that compilers fall back to. */
const asyncDispose: typeof Symbol.asyncDispose = Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose');

/** The face of the engine: checks what it is given, and leads every run to its group. */
export class LocalProcessor<Resource, Key extends string | number> implements Processor<Resource, Key> {
  declare readonly [Symbol.asyncDispose]: () => Promise<void>;
  readonly #groups = new Groups();
  readonly #engine: Engine;
  readonly #metrics: Metrics;
  readonly #home: Home;
  #stopped: Promise<void> | undefined;

  constructor(options: ProcessorOptions<Resource, Key>, createEngine: EngineFactory) {
    const checked = settings(options);
    const engine = createEngine(checked, this.#groups);
    this[asyncDispose] = () => this.stop();
    this.#engine = engine;
    this.#metrics = new Metrics((observed) => engine.observe(observed));
    this.#home = {
      settings: checked,
      engine,
      metrics: this.#metrics,
      pending: 0,
      line: new Line(),
      // The last batch of a stopped processor has given the last metric.
      idle: () => this.#stopped && this.#metrics.end(),
    };
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

  flush(key?: Key): Promise<void> {
    const groups = this.#groups.list(key);
    for (const group of groups) this.#engine.flush(group.number);
    return this.#settled(groups);
  }

  stop(): Promise<void> {
    if (!this.#stopped) {
      this.#stopped = this.#settled(this.#groups.list(undefined));
      this.#engine.stop();
      this.#metrics.stop();
      if (this.#groups.isEmpty) this.#metrics.end();
    }
    return this.#stopped;
  }

  get pending(): number {
    return this.#home.pending;
  }

  subscribeBatchMetrics(
    callback: (metric: BatchMetric<Key>) => void,
    options?: { signal?: AbortSignal | null | undefined },
  ): () => void {
    return this.#metrics.subscribe(callback as (metric: BatchMetric<string | number>) => void, options);
  }

  batchMetrics(): AsyncIterableIterator<BatchMetric<Key>, undefined> {
    return this.#metrics.iterate() as AsyncIterableIterator<BatchMetric<Key>, undefined>;
  }

  #accept<T>(
    kind: Kind,
    key: Key,
    operation: (resource: Resource) => unknown,
    options?: RunOptions,
  ): Promise<T> {
    try {
      if (typeof key !== 'string' && !isNumber(key)) throw mistyped('key', 'a string or a number', key);
      needFunction('operation', operation);
      const signal = signalOf(options);
      if (signal?.aborted) throw new OperationCancelledError(key, signal.reason);

      let group = this.#groups.latest(key);
      if (!group || group.isClosed) group = this.#open(key, group);
      return group.join(kind, operation, signal) as Promise<T>;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #open(key: Key, latest: Group | undefined): Group {
    const number = this.#engine.open(latest ? latest.number : -1);
    if (number === undefined) throw new ProcessorStoppedError(key);
    const group = new Group(number, key, this.#home);
    this.#groups.add(group);
    return group;
  }

  /** Resolves when the runs of these groups have settled, and one step behind them, so that whoever waits for a run hears first. */
  async #settled(groups: Group[]): Promise<void> {
    const { last } = this.#home.line;
    if (last) groups.push(last);
    await Promise.all(groups.map((group) => new Promise<void>((resolve) => group.whenSettled(resolve))));
  }
}

function isNumber(key: unknown): boolean {
  return typeof key === 'number' && !Number.isNaN(key);
}
