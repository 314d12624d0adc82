import type { Batches } from './batches.js';
import type { Lane } from './lane.js';
import { Outcomes } from './outcomes.js';
import type { Outcome, Run } from './run.js';
import type { Action, Key } from './scenario.js';
import type { State } from './state.js';

export interface Flush {
  readonly runs: Run[];
  isHeard: boolean;
}

export interface Stop {
  /** The reason with which its signal aborted while it waited. */
  reason: unknown;
  isAborted: boolean;
  /** Perhaps everything had ended when the signal aborted. */
  mayHaveEnded: boolean;
  isHeard: boolean;
}

/** What callers of run, flush and stop may hear, and when: each method is told what they have just done or heard. */
export class Callers {
  readonly flushes: Flush[] = [];
  readonly stops: Stop[] = [];
  readonly outcomes: Outcomes;
  readonly #state: State;
  #count = 0;

  constructor(state: State, batches: Batches) {
    this.#state = state;
    this.outcomes = new Outcomes(state, batches);
  }

  /** The call of run, update or read begins. */
  runs(spec: Action & { type: 'run' }): Run {
    const { isStopped, settings, clock, turn } = this.#state;
    const lane = this.#state.lane(spec.key);
    const isAborted = spec.signal !== undefined && this.#state.abortedSignals.has(spec.signal);
    const run: Run = {
      id: ++this.#count,
      lane,
      spec,
      refusal: isStopped ? (isAborted ? 'either' : 'stopped') : isAborted ? 'cancelled' : undefined,
      acceptedAt: clock.now,
      moment: this.#state.moment,
      isFresh: lane.isIdle,
      splits: 'yes',
      begins: undefined,
      mayBeOf: [],
      fills: 'no',
      isFlushed: false,
      isCancelled: false,
      cancelledIn: undefined,
      isGone: false,
      mayHaveFailed: false,
      batch: undefined,
      outcome: undefined,
      isHeard: false,
    };
    lane.stirredIn = turn;
    if (!run.refusal) lane.add(run, settings.maxOperations);
    return run;
  }

  /** A caller's signal aborts. */
  aborts(signal: number, reason: unknown): void {
    this.#state.abortedSignals.set(signal, reason);
    for (const lane of this.#state.lanes.values()) {
      for (const run of lane.unheard) {
        if (run.spec.signal !== signal || run.isCancelled || hasRun(run)) continue;
        run.isCancelled = true;
        run.cancelledIn = this.#state.turn;
        lane.stirredIn = this.#state.turn;
        run.mayHaveFailed = lane.head?.failure !== undefined || lane.ending.length > 0;
      }
      const isGivenUp = (!lane.head || lane.head.phase === 'locked') && !lane.hasLiveFirst;
      if (lane.ask && isGivenUp) lane.ask.latest = Number.POSITIVE_INFINITY;
    }
  }

  /** Whether all runs with a signal have their turn at once: they are cancelled then, if nobody else hears of the abort. */
  haveTheirTurn(signal: number): boolean {
    for (const lane of this.#state.lanes.values()) {
      const joined = lane.head?.phase === 'loaded' ? lane.joined : [];
      const isWaiting = (run: Run) => run.spec.signal === signal && !run.isCancelled && !hasRun(run);
      if (lane.unheard.some((run) => isWaiting(run) && !joined.includes(run))) return false;
    }
    return true;
  }

  flush(key: Key | undefined): Flush {
    const lanes = key === undefined ? [...this.#state.lanes.values()] : [this.#state.lane(key)];
    const flush: Flush = { runs: lanes.flatMap(({ unheard }) => unheard), isHeard: false };
    for (const lane of lanes) this.#close(lane);
    this.flushes.push(flush);
    return flush;
  }

  /** What only waits for its window or its pause to end asks for its next call now. */
  #close(lane: Lane): void {
    const { head } = lane;
    const { clock, turn, moment } = this.#state;
    // What a timer has ended, or a caller of its key has stirred just before, has perhaps asked already.
    const isStill = !clock.isLate && lane.stirredIn !== turn;
    if (head?.isResting && !head.isFlushed && isStill) head.moment = moment;
    lane.flush();
  }

  stop(abortedReason: { reason: unknown } | undefined): Stop {
    this.#state.isStopped = true;
    for (const lane of this.#state.lanes.values()) this.#close(lane);
    const stop: Stop = { reason: undefined, isAborted: false, mayHaveEnded: false, isHeard: false };
    this.stops.push(stop);
    if (abortedReason) this.stopAborts(stop, abortedReason.reason);
    if (abortedReason) stop.mayHaveEnded = false;
    return stop;
  }

  /** The signal of a stop aborts. */
  stopAborts(stop: Stop, reason: unknown): void {
    if (stop.isHeard || stop.isAborted) return;
    stop.reason = reason;
    stop.isAborted = true;
    stop.mayHaveEnded = this.#mayHaveEnded;
    this.#state.givenUp.push(reason);
    for (const { head, ending } of this.#state.lanes.values()) {
      head?.abort.giveUp(reason, head.mayEnd || stop.mayHaveEnded ? undefined : this.#state.turn);
      for (const batch of ending) batch.abort.giveUp(reason);
    }
  }

  flushResolved(flush: Flush): void {
    flush.isHeard = true;
    const run = flush.runs.find((run) => !run.isHeard);
    if (run) this.#violate(`flush resolves before run ${run.id} has settled`);
  }

  stopSettled(stop: Stop, outcome: Outcome): void {
    stop.isHeard = true;
    if (outcome.type === 'error') {
      if (!stop.isAborted || outcome.error !== stop.reason)
        this.#violate(`stop rejects with ${outcome.error}`);
    } else if (!this.#mayHaveEnded) this.#violate('stop resolves before everything has ended');
    else if (stop.isAborted && !stop.mayHaveEnded)
      this.#violate('stop resolves though its signal has aborted');
  }

  get #mayHaveEnded(): boolean {
    for (const { head, ending, unheard } of this.#state.lanes.values()) {
      if (unheard.some((run) => !run.isCancelled && !run.batch && !this.#mayFail(run))) return false;
      if (head && !head.mayEnd) return false;
      if (head?.release === 'due' || ending.some(({ release }) => release === 'due')) return false;
    }
    return true;
  }

  #mayFail({ lane }: Run): boolean {
    return lane.head?.failure !== undefined || lane.ending.some(({ failure }) => failure);
  }

  /** How many runs are accepted and not settled: some may have settled that have not been heard yet. */
  get pending(): { min: number; max: number } {
    let min = 0;
    let max = 0;
    for (const { unheard, head } of this.#state.lanes.values()) {
      max += unheard.length;
      for (const run of unheard) {
        const mayHaveSettled =
          run.isCancelled || (run.batch ? run.batch.mayEnd || run.batch.endedAt : this.#mayFail(run));
        if (!mayHaveSettled || (run.batch === head && head && !head.mayEnd)) min++;
      }
    }
    return { min, max };
  }

  #violate(violation: string): void {
    this.#state.violate(violation);
  }
}

/** Whether its operation has begun. */
function hasRun({ batch }: Run): boolean {
  return batch !== undefined && !batch.failsWithAll;
}
