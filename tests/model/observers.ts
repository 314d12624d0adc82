import type { BatchMetric, Processor } from 'groupcommit';
import type { Metrics, Subscription } from './metrics.js';
import type { Key } from './scenario.js';

/** Those who subscribe to the metrics, or iterate over them. */
export class Observers {
  /** The metrics that the iteration has given. */
  readonly iterated: BatchMetric<Key>[] = [];
  hasIterated = false;
  readonly #processor: Processor<unknown, Key>;
  readonly #metrics: Metrics;
  readonly #heard: (throws: boolean) => void;
  readonly #subscriptions: { subscription: Subscription; unsubscribe: () => void }[] = [];

  constructor(processor: Processor<unknown, Key>, metrics: Metrics, heard: (throws: boolean) => void) {
    this.#processor = processor;
    this.#metrics = metrics;
    this.#heard = heard;
  }

  subscribe(throws: boolean): void {
    const subscription = this.#metrics.subscribe();
    const unsubscribe = this.#processor.subscribeBatchMetrics((metric) => {
      this.#metrics.published(subscription, metric);
      this.#heard(throws);
    });
    this.#subscriptions.push({ subscription, unsubscribe });
  }

  unsubscribe(): void {
    const subscribed = this.#subscriptions.pop();
    if (subscribed) this.#metrics.unsubscribe(subscribed.subscription);
    subscribed?.unsubscribe();
  }

  async iterate(): Promise<void> {
    this.#metrics.iterates();
    for await (const metric of this.#processor.batchMetrics()) this.iterated.push(metric);
    this.hasIterated = true;
  }
}
