import type { Batch, Truth } from './batch.js';
import { Line } from './line.js';
import type { Run } from './run.js';
import type { Key } from './scenario.js';

/** A place in the line of those that want to load or save: between which turns it was asked for, and before or after which runs. */
export interface Ask {
  readonly phase: 'load' | 'save';
  earliest: number;
  latest: number;
  /** The number of the run that asked, if that is certain. */
  order: number | undefined;
}

/** All about one key: its line, the batch under way, and those that have just ended. */
export class Lane extends Line {
  readonly key: Key;
  /** Accepted and not heard yet. */
  unheard: Run[] = [];
  head: Batch | undefined;
  /** Ended in this turn; what follows from that has not been checked yet. */
  ending: Batch[] = [];
  ask: Ask | undefined;
  /** The turn in which a caller last did something with it. */
  stirredIn = -1;
  /** All runs of the latest batch were cancelled before it began. It may stay in the line all the same, and take those that come before its turn. */
  hasDropped = false;
  /** What was left out of the head of the line in this turn. */
  dropped: Run[] = [];
  /** A flush has closed the latest batch. */
  #isCut = false;
  /** How many runs the latest batch has. */
  #least = 0;
  #most = 0;

  constructor(key: Key) {
    super();
    this.key = key;
  }

  get isIdle(): boolean {
    return (
      !this.head &&
      !this.hasDropped &&
      this.waiting.length === 0 &&
      this.unheard.length === 0 &&
      this.ending.length === 0
    );
  }

  /** Puts a run in the line. */
  add(run: Run, maxOperations: number): void {
    run.splits = this.#splits(maxOperations);
    this.#isCut = false;
    this.#least = run.splits === 'no' ? this.#least + 1 : 1;
    this.#most = run.splits === 'yes' && !this.hasDropped ? 1 : this.#most + 1;
    this.hasDropped = false;
    run.fills = this.#least >= maxOperations ? 'yes' : this.#most >= maxOperations ? 'maybe' : 'no';
    this.waiting.push(run);
    this.fill();
    this.unheard.push(run);
  }

  /** Closes the window of the batch under way if the runs that certainly wait for it fill it. */
  fill(): void {
    for (const run of this.waiting) {
      if (run.splits !== 'no') break;
      this.head?.fill(run);
    }
  }

  /** Whether a run that comes now is of another batch than the one before it. */
  #splits(maxOperations: number): Truth {
    if (!this.head && this.waiting.length === 0) return 'yes';
    if (this.#isCut || this.#least >= maxOperations) return 'yes';
    const closed = this.#latestIsClosed;
    return closed === 'no' && this.#most >= maxOperations ? 'maybe' : closed;
  }

  get #latestIsClosed(): Truth {
    let isBehind: Truth = this.head ? 'no' : 'yes';
    let isDropped = true;
    // Where the batch under way begins is not certain as long as only those are seen that have perhaps failed with the one before.
    let isDoubtful = false;
    for (const { splits, isCancelled, mayBeOf } of this.waiting) {
      if (splits === 'yes') {
        if (!isDoubtful) isBehind = 'yes';
        isDropped = true;
      }
      if (splits !== 'no' && isBehind === 'no') isBehind = 'maybe';
      isDoubtful = mayBeOf.length > 0;
      if (!isCancelled && mayBeOf.length === 0) isDropped = false;
    }
    if (isBehind === 'no') return (this.head as Batch).closed;
    // A batch that has not begun has an open window. It is given up when all its runs are cancelled.
    return isBehind === 'yes' && !isDropped ? 'no' : 'maybe';
  }

  flush(): void {
    this.#isCut = true;
    for (const run of this.waiting) run.isFlushed = true;
    if (this.head) {
      this.head.isClosed = true;
      this.head.isFlushed = true;
    }
  }

  /** Leaves out the runs at the head of the line that were cancelled. */
  dropCancelled(): void {
    const first = this.waiting.findIndex((run) => !run.isCancelled);
    if (first === -1 && this.waiting.length > 0) this.hasDropped = true;
    if (first !== 0) this.dropped.push(...this.waiting.splice(0, first === -1 ? this.waiting.length : first));
  }

  /** Leaves out the runs at the head of the line that were cancelled before the batch under way began. */
  dropGone(): void {
    const first = this.waiting.findIndex((run) => !run.isGone);
    if (first > 0) this.waiting.splice(0, first);
  }

  /** The batch under way has perhaps begun with the first run that was not cancelled. */
  doubtFirst(): void {
    this.dropCancelled();
    const [first] = this.waiting;
    if (first?.splits === 'yes') first.splits = 'maybe';
  }

  /** The batch under way takes no more: what still waits is of the next one. False if one that certainly belongs to it waits. */
  divide(): boolean {
    if (this.hasJoined) return false;
    this.dropCancelled();
    if (this.waiting[0]) this.waiting[0].splits = 'yes';
    return true;
  }

  /**
   * The batch under way has failed, and those that follow have perhaps failed with it. If it is not certain that others began it, as those were
   * perhaps all of the batch before, it has perhaps begun with the next one in the line that begins any.
   */
  mayAllBeOf(batch: Batch, hasBegun: boolean): void {
    let hasOthers = hasBegun;
    for (const run of this.waiting) {
      if (run.splits === 'yes') {
        if (hasOthers) return;
        run.splits = 'maybe';
        hasOthers = true;
      }
      run.mayBeOf.push(batch);
    }
  }

  /** Takes those out of the line that come before a run and have perhaps failed with a batch before. Tells whether there are any. */
  leaveFailed(run: Run): boolean {
    const end = this.waiting.findIndex((other) => other === run || other.mayBeOf.length === 0);
    for (const other of this.waiting.splice(0, Math.max(0, end))) other.batch = other.mayBeOf[0];
    return end > 0;
  }

  /** Takes a run, and those before it, out of the line, as they are of the batch under way. Tells what is wrong with that. */
  take(run: Run): string | undefined {
    const place = this.waiting.indexOf(run);
    if (place === -1) return 'it does not wait';
    for (const other of this.waiting.splice(0, place + 1)) {
      if (other.mayBeOf.length > 0 && other !== run) other.batch = other.mayBeOf[0];
      else if (other !== run && !other.isCancelled) return `run ${other.id} comes before it`;
      this.head?.fill(other);
      if (other.splits === 'yes') return 'it belongs to a later batch';
    }
    return undefined;
  }
}
