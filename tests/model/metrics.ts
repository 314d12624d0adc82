import type { BatchMetric } from 'groupcommit';
import type { Batch, Span } from './batch.js';
import type { Batches } from './batches.js';
import type { Call } from './call.js';
import { epoch } from './clock.js';
import { isFailure } from './failure.js';
import type { Key } from './scenario.js';
import type { State } from './state.js';

export interface Subscription {
  readonly sinceTurn: number;
  isActive: boolean;
}

/** What tells how many batches were in the latest call. */
const together = { load: 'loadedTogether', save: 'savedTogether' } as const;

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
    if (!isStopped && this.#state.observers++ === 0) this.#state.observedIn = turn;
    return subscription;
  }

  iterates(): void {
    this.#state.observers++;
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
    const { failure, calls, attempts } = batch;
    const { start } = batch.deadlines;
    const end = batch.endedAt as Span;
    if (metric.operationCount !== batch.operationCount) return 'operationCount';
    if (failure ? !isFailure(metric.error, batch) : metric.error !== undefined) return 'error';
    if (metric.attempts !== attempts.count) return 'attempts';
    for (const phase of ['load', 'save'] as const) {
      const latest = calls.filter((call) => call.phase === phase).at(-1);
      if (metric[together[phase]] !== (latest?.batches.length ?? 0)) return together[phase];
    }
    if (!this.#isWithin(metric.totalDuration, { min: end.min - start.max, max: end.max - start.min }))
      return 'totalDuration';
    const batchStart = metric.batchStart.getTime() - epoch;
    if (!this.#isWithin(batchStart, start)) return 'batchStart';
    for (const phase of ['lock', 'load', 'save'] as const) {
      const made = calls.filter((call) => call.phase === phase);
      if (!this.#canLast(metric[`${phase}ResourceDuration`], made, end)) return `${phase}ResourceDuration`;
    }
    return undefined;
  }

  /** Whether all calls of a phase can have lasted so long. */
  #canLast(duration: number, calls: Call[], end: Span): boolean {
    let sums: Span[] = [{ min: 0, max: 0 }];
    const isOff = this.#state.clock.blocked > 0;
    for (const { given, turnStart, made, settled, gaps } of calls) {
      const least = (settled as number) - made;
      // What blocked the turns in which it was decided on, and in which the processor heard of its end, may count.
      const most = (isOff ? end.max : (settled as number)) - (isOff && given ? turnStart : made);
      const more = sums.map(({ min, max }) => ({ min: min + least, max: max + most }));
      // When nobody had subscribed nobody measured.
      sums = gaps === this.#state.gaps ? more : [...sums, ...more];
    }
    return sums.some((sum) => this.#isWithin(duration, sum));
  }

  #isWithin(time: number, { min, max }: Span): boolean {
    return this.#state.clock.isFrozen ? time === 0 : time >= min && time <= max;
  }
}
