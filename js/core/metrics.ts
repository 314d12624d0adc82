import type { BatchError } from './errors.js';
import { report } from './report.js';
import { needFunction } from './settings.js';
import { attach, detach, isAborted, signalOf } from './signals.js';
import type { BatchMetric, SignalOptions } from './types.js';

type Metric = BatchMetric<string | number>;

/** The durations of lock, load and save and in total; how often the batch was tried; how many were loaded and saved together with it. */
export type Numbers = readonly [number, number, number, number, number, number, number];

/** Somebody who wants metrics. */
interface Subscriber {
  receive(metric: Metric): void;
  /** There will be no more. */
  end?(): void;
}

/** Whoever wants the metrics of one processor. */
export class Metrics {
  /** With what ends each subscription. */
  readonly #subscribers = new Map<Subscriber, () => void>();
  /** It accepts no more subscriptions. */
  isStopped = false;

  get isObserved(): boolean {
    return this.#subscribers.size > 0;
  }

  subscribe(callback: (metric: Metric) => void, options: SignalOptions | undefined): () => void {
    needFunction('callback', callback);
    const signal = signalOf(options);
    if (signal && isAborted(signal)) return () => {};
    return this.#add({ receive: (metric) => callback(metric) }, signal);
  }

  iterate(): AsyncIterableIterator<Metric, undefined> {
    const iterator = new MetricIterator(() => unsubscribe());
    const unsubscribe = this.#add(iterator, undefined);
    return iterator;
  }

  publish(resourceKey: string | number, operationCount: number, numbers: Numbers, error?: BatchError): void {
    const [lockResourceDuration, loadResourceDuration, saveResourceDuration, totalDuration, ...counts] =
      numbers;
    const [attempts, loadedTogether, savedTogether] = counts;
    const metric: Metric = {
      // Rounded up, since the clock that tells now has rounded down.
      batchStart: new Date(Math.ceil(Date.now() - totalDuration)),
      resourceKey,
      operationCount,
      lockResourceDuration,
      loadResourceDuration,
      saveResourceDuration,
      totalDuration,
      attempts,
      loadedTogether,
      savedTogether,
      ...(error && { error }),
    };
    for (const subscriber of [...this.#subscribers.keys()]) {
      try {
        // An earlier one may have ended the subscription of this one just now.
        if (this.#subscribers.has(subscriber)) subscriber.receive(metric);
      } catch (error) {
        report(error);
      }
    }
  }

  /** There will be no more metrics. */
  end(): void {
    for (const unsubscribe of this.#subscribers.values()) unsubscribe();
  }

  #add(subscriber: Subscriber, signal: AbortSignal | undefined): () => void {
    const cancel = () => {
      if (signal) detach(signal, cancellable);
      subscriber.end?.();
      this.#subscribers.delete(subscriber);
    };
    const cancellable = { cancel };
    if (this.isStopped) {
      subscriber.end?.();
    } else {
      if (signal) attach(signal, cancellable);
      this.#subscribers.set(subscriber, cancel);
    }
    return cancel;
  }
}

/** Keeps the metrics that nobody has read yet, or the readers that no metric has come for yet. */
class MetricIterator implements Subscriber, AsyncIterableIterator<Metric, undefined> {
  readonly #unsubscribe: () => void;
  #metrics: Metric[] = [];
  #readers: ((result: IteratorResult<Metric, undefined>) => void)[] = [];
  #isEnded = false;

  constructor(unsubscribe: () => void) {
    this.#unsubscribe = unsubscribe;
  }

  receive(metric: Metric): void {
    const reader = this.#readers.shift();
    if (reader) reader({ value: metric, done: false });
    else this.#metrics.push(metric);
  }

  end(): void {
    this.#isEnded = true;
    for (const reader of this.#readers.splice(0)) reader({ value: undefined, done: true });
  }

  async next(): Promise<IteratorResult<Metric, undefined>> {
    const value = this.#metrics.shift();
    if (value) return { value, done: false };
    if (this.#isEnded) return { value: undefined, done: true };
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
