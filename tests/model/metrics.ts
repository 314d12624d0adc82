import type { BatchMetric, BatchPhase } from 'groupcommit';
import type { Batch, Span } from './batch.js';
import type { Batches } from './batches.js';
import { epoch } from './clock.js';
import { isFailure } from './failure.js';
import type { Key } from './scenario.js';
import type { State } from './state.js';

export interface Subscription {
  readonly sinceTurn: number;
  isActive: boolean;
}

/** Which metrics subscribers get, and what is in them. */
export class Metrics {
  readonly subscriptions: Subscription[] = [];
  readonly #state: State;
  readonly #batches: Batches;

  constructor(state: State, batches: Batches) {
    this.#state = state;
    this.#batches = batches;
  }

  subscribe(): Subscription {
    const { turn, isStopped } = this.#state;
    const subscription = { sinceTurn: turn, isActive: !isStopped };
    this.subscriptions.push(subscription);
    if (!isStopped) this.#state.observers++;
    return subscription;
  }

  unsubscribe(subscription: Subscription): void {
    if (!subscription.isActive) return;
    subscription.isActive = false;
    if (--this.#state.observers === 0) this.#state.gaps++;
  }

  published(subscription: Subscription, metric: BatchMetric<string>): void {
    const { resourceKey } = metric;
    if (!subscription.isActive)
      return this.#state.violate(`a metric of ${resourceKey} comes to who has unsubscribed`);
    const lane = this.#state.lanes.get(resourceKey as Key);
    const unseen = [...(lane?.ending ?? []), ...(lane?.head ? [lane.head] : [])].filter(
      (batch) => !batch.metricsSeen.has(subscription),
    );
    const isMissed = (batch: Batch) => this.#mayMiss(subscription, batch);
    const batch =
      unseen.find((batch) => isMissed(batch) && batch.endedAt && !this.#wrong(batch, metric)) ??
      unseen.find((batch) => !isMissed(batch)) ??
      unseen.at(-1);
    if (!batch) return this.#state.violate(`a metric of ${resourceKey} comes that is of no batch`);
    this.#batches.ended(batch, `the metric of ${resourceKey} comes`);
    batch.metricsSeen.add(subscription);
    const wrong = this.#wrong(batch, metric);
    if (wrong)
      this.#state.violate(
        `in a metric of ${resourceKey} there is a wrong ${wrong}: ${JSON.stringify(metric)}`,
      );
  }

  /** Every subscriber has got the metric of a batch. */
  isComplete(batch: Batch): boolean {
    return this.subscriptions.every(
      (subscription) =>
        !subscription.isActive || this.#mayMiss(subscription, batch) || batch.metricsSeen.has(subscription),
    );
  }

  /** Who has just subscribed perhaps gets nothing of those that ended just before. */
  #mayMiss({ sinceTurn }: Subscription, { mayHaveEnded }: Batch): boolean {
    return sinceTurn >= (mayHaveEnded?.turn ?? this.#state.turn);
  }

  #wrong(batch: Batch, metric: BatchMetric<string>): string | undefined {
    const { failure, executed, calls } = batch;
    const { start } = batch.deadlines;
    const end = batch.endedAt as Span;
    if (metric.operationCount !== executed.length) return 'operationCount';
    if (failure ? !isFailure(metric.error, batch) : metric.error !== undefined) return 'error';
    if ('attempts' in metric && metric.attempts !== 1) return 'attempts';
    if (!this.#isWithin(metric.totalDuration, { min: end.min - start.max, max: end.max - start.min }))
      return 'totalDuration';
    const batchStart = metric.batchStart.getTime() - epoch;
    if (!this.#isWithin(batchStart, start)) return 'batchStart';
    for (const phase of ['lock', 'load', 'save'] as const) {
      const duration = metric[`${phase}ResourceDuration`];
      if (
        !this.#isWithin(duration, this.#duration(calls[phase], end)) &&
        !this.#isUnseen(batch, phase, duration)
      )
        return `${phase}ResourceDuration`;
    }
    return undefined;
  }

  #duration(call: Batch['calls'][BatchPhase], end: Span): Span {
    if (!call) return { min: 0, max: 0 };
    const settled = call.settled as number;
    // When the processor heard of it is at the end of that turn: at most what blocked it later.
    const late = this.#state.clock.blocked > 0 ? end.max : settled;
    return { min: settled - call.made, max: late - call.made };
  }

  /** When nobody had subscribed nobody measured. */
  #isUnseen({ calls }: Batch, phase: BatchPhase, duration: number): boolean {
    return duration === 0 && calls[phase]?.gaps !== this.#state.gaps;
  }

  #isWithin(time: number, { min, max }: Span): boolean {
    return this.#state.clock.isFrozen ? time === 0 : time >= min && time <= max;
  }
}
