import type { BatchError } from 'groupcommit';
import { Batch, type Given } from './batch.js';
import { isCause } from './failure.js';
import type { Lane } from './lane.js';
import type { Run } from './run.js';
import type { Key } from './scenario.js';
import type { State } from './state.js';

/** When batches may begin and end, and with which runs. */
export class Batches {
  readonly begun: Batch[] = [];
  readonly #state: State;
  readonly byGiven = new Map<object, Batch>();

  constructor(state: State) {
    this.#state = state;
  }

  released(batch: Batch): void {
    if (batch.release !== 'due') this.#violate(`the lock of ${batch.lane.key} is released again`);
    batch.release = 'done';
    this.ended(batch, 'its lock is released');
  }

  /** Something has been seen that comes after the end of a batch. */
  ended(batch: Batch, what: string): void {
    if (batch.endedAt) return;
    const { lane } = batch;
    batch.heard();
    if (!batch.mayEnd) this.#violate(`${what} before the batch of ${lane.key} has ended`);
    this.end(batch);
  }

  end(batch: Batch): void {
    const { lane } = batch;
    if (batch.phase === 'over' && batch.failsWithAll) {
      for (const run of lane.takeJoined()) if (!run.isCancelled) run.batch = batch;
      const isOwn = (run: Run) => run.batch === batch && !run.isCancelled && run.mayBeOf.length === 0;
      lane.mayAllBeOf(batch, lane.unheard.some(isOwn));
    } else lane.divide();
    batch.end(this.#state.turnStart, this.#state.turn);
    lane.ask = undefined;
    lane.head = undefined;
    lane.ending.push(batch);
  }

  /** The latest batch of this key that has failed with this cause: those before it have got their runs. */
  failed(lane: Lane, { phase, cause }: BatchError): Batch | undefined {
    const isIt = ({ failure }: Batch) => failure?.phase === phase && isCause(failure.cause, cause);
    return lane.head && isIt(lane.head) ? lane.head : [...lane.ending].reverse().find(isIt);
  }

  begin(given: Given, what: 'lock' | 'load'): Batch {
    const { clock, settings, turnStart } = this.#state;
    const lane = this.#state.lane(given.key as Key);
    if (lane.head) this.ended(lane.head, `the next ${what} is called`);
    if (lane.ending.some(({ release }) => release === 'due'))
      this.#violate(`the next ${what} of ${lane.key} is called before the lock is released`);
    lane.dropCancelled();
    const unwanted = what === 'load' ? this.#unwanted(lane.dropped) : [];
    const first = lane.waiting[0];
    if (!first && unwanted.length === 0)
      this.#violate(`${what} of ${lane.key} is called though no run waits`);
    const isExact = first?.isFresh && (what === 'lock' || settings.concurrency === Number.POSITIVE_INFINITY);
    const start = { min: isExact ? first.acceptedAt : Math.min(turnStart, clock.now), max: clock.now };
    if (isExact) start.max = start.min;
    const batch = new Batch(lane, given, start, clock, settings);
    // Whether a batch that begins later is given up too is not said.
    for (const reason of this.#state.givenUp) batch.abort.giveUp(reason);
    lane.head = batch;
    for (const run of lane.waiting) run.isGone = run.isCancelled;
    // Perhaps the batch of those begins, and what waits is of a later one.
    const isDoubtful =
      unwanted.length > 0 && [...unwanted.slice(1), first].some((run) => run && run.splits !== 'no');
    if (first && isDoubtful) first.splits = 'maybe';
    else this.#lead(lane);
    batch.mayBeFlushed = unwanted.length > 0 && [...unwanted, first].some((run) => run?.isFlushed);
    if (isDoubtful || batch.mayBeFlushed || unwanted.some(({ fills }) => fills !== 'no'))
      batch.mayBeClosed = true;
    if (first?.isFresh) {
      batch.moment = first.moment;
      batch.order = first.id;
    }
    this.begun.push(batch);
    this.byGiven.set(given, batch);
    return batch;
  }

  /**
   * A batch whose runs are all cancelled in the turn in which it has got its place in a call for many keys is perhaps in it all the
   * same: these are those runs.
   */
  #unwanted(dropped: Run[]): Run[] {
    const { settings, turn } = this.#state;
    return settings.shares.load ? dropped.filter(({ cancelledIn }) => cancelledIn === turn) : [];
  }

  /** It seemed that the batch under way began with runs that have failed with the one before: it began with the next. */
  leadAnew(lane: Lane): void {
    lane.dropGone();
    const [first] = lane.waiting;
    // Of one that was cancelled meanwhile it is not known whether it was of the one that failed.
    if (first?.isCancelled && first.mayBeOf.length > 0) lane.doubtFirst();
    else this.#lead(lane);
  }

  /** The batch under way begins with the first run that waits. */
  #lead(lane: Lane): void {
    const [first] = lane.waiting;
    if (!first || !lane.head) return;
    lane.head.isFlushed = first.isFlushed;
    lane.head.isClosed = first.isFlushed;
    if (first.splits === 'yes') first.begins = lane.head;
    first.splits = 'no';
    lane.fill();
  }

  /** A run has failed with a batch: perhaps with one that has ended, and not with that under way. Tells what is wrong with that. */
  failedWith(batch: Batch, run: Run): string | undefined {
    if (run.begins && run.begins !== batch) return 'it belongs to a later one';
    const { lane } = run;
    run.batch = batch;
    // Of those that were cancelled some are left out of the line already.
    if (run.isCancelled && !lane.waiting.includes(run)) return undefined;
    const mistake = lane.take(run);
    // It seemed that the batch under way began with it.
    if (lane.head && lane.head !== batch) this.leadAnew(lane);
    return mistake;
  }

  #violate(violation: string): void {
    this.#state.violate(violation);
  }
}
