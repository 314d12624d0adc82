import { needFunction } from './options.js';
import { attach, type Cancellable, detach, signalOf } from './signals.js';
import type { BatchMetric } from './types.js';

type Metric = BatchMetric<string | number>;

/** Whoever wants the metrics of one processor. */
export class Metrics {
  readonly #subscriptions = new Set<Subscription>();
  readonly #observe: (observed: boolean) => void;
  #isStopped = false;

  /** `observe` is told whether there are any subscribers. */
  constructor(observe: (observed: boolean) => void) {
    this.#observe = observe;
  }

  subscribe(
    callback: (metric: Metric) => void,
    options?: { signal?: AbortSignal | null | undefined },
  ): () => void {
    needFunction('callback', callback);
    const signal = signalOf(options);
    if (signal?.aborted) return () => {};
    return this.#add(callback, () => {}, signal);
  }

  iterate(): AsyncIterableIterator<Metric, undefined> {
    const iterator = new MetricIterator(() => unsubscribe());
    const unsubscribe = this.#add(
      (metric) => iterator.push(metric),
      () => iterator.end(),
    );
    return iterator;
  }

  publish(metric: Metric): void {
    for (const subscription of [...this.#subscriptions]) {
      // An earlier one may have unsubscribed this one just now.
      if (this.#subscriptions.has(subscription)) subscription.publish(metric);
    }
  }

  /** Accepts no more subscriptions. */
  stop(): void {
    this.#isStopped = true;
  }

  /** There will be no more metrics. */
  end(): void {
    for (const subscription of this.#subscriptions) subscription.cancel();
  }

  #add(callback: (metric: Metric) => void, ended: () => void, signal?: AbortSignal): () => void {
    if (this.#isStopped) {
      ended();
      return () => {};
    }
    const subscription = new Subscription(callback, signal, () => {
      this.#subscriptions.delete(subscription);
      this.#observe(this.#subscriptions.size > 0);
      ended();
    });
    this.#subscriptions.add(subscription);
    this.#observe(true);
    return () => subscription.cancel();
  }
}

class Subscription implements Cancellable {
  readonly #callback: (metric: Metric) => void;
  readonly #signal: AbortSignal | undefined;
  readonly #cancelled: () => void;

  constructor(callback: (metric: Metric) => void, signal: AbortSignal | undefined, cancelled: () => void) {
    this.#callback = callback;
    this.#signal = signal;
    this.#cancelled = cancelled;
    if (signal) attach(signal, this);
  }

  publish(metric: Metric): void {
    try {
      this.#callback(metric);
    } catch (error) {
      report(error);
    }
  }

  cancel(): void {
    if (this.#signal) detach(this.#signal, this);
    this.#cancelled();
  }
}

/** Keeps the metrics that nobody has read yet, or the readers that no metric has come for yet. */
class MetricIterator implements AsyncIterableIterator<Metric, undefined> {
  readonly #unsubscribe: () => void;
  #metrics: Metric[] = [];
  #readers: ((result: IteratorResult<Metric, undefined>) => void)[] = [];
  #ended = false;

  constructor(unsubscribe: () => void) {
    this.#unsubscribe = unsubscribe;
  }

  push(metric: Metric): void {
    const reader = this.#readers.shift();
    if (reader) reader({ value: metric, done: false });
    else this.#metrics.push(metric);
  }

  end(): void {
    this.#ended = true;
    for (const reader of this.#readers.splice(0)) reader({ value: undefined, done: true });
  }

  async next(): Promise<IteratorResult<Metric, undefined>> {
    const value = this.#metrics.shift();
    if (value) return { value, done: false };
    if (this.#ended) return { value: undefined, done: true };
    return new Promise((resolve) => this.#readers.push(resolve));
  }

  async return(): Promise<IteratorResult<Metric, undefined>> {
    this.#metrics = [];
    this.#unsubscribe();
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** Reports an error the way the platform reports one that nobody caught. */
export function report(error: unknown): void {
  if (typeof reportError === 'function') reportError(error);
  else {
    queueMicrotask(() => {
      throw error;
    });
  }
}
