import type { Truth } from './batch.js';
import type { Run } from './run.js';

/**
 * The runs of a key stand in one line; where one batch ends and the next begins is told by `splits` of each. That is not always certain when a run is
 * accepted: whether the end of a load has been heard yet, for example. What is seen later tells then.
 */
export class Line {
  /** Accepted, and neither executed nor known to have ended otherwise. Those that were cancelled are left out later. */
  waiting: Run[] = [];

  get hasLive(): boolean {
    return this.waiting.some((run) => !run.isCancelled);
  }

  /** A run waits that perhaps belongs to the batch under way. */
  get hasLiveOfHead(): boolean {
    for (const run of this.waiting) {
      if (run.splits === 'yes') return false;
      if (!run.isCancelled) return true;
    }
    return false;
  }

  /** A run waits that perhaps belongs to the first batch that waits. */
  get hasLiveFirst(): boolean {
    for (const [place, run] of this.waiting.entries()) {
      if (place > 0 && run.splits === 'yes') return false;
      if (!run.isCancelled) return true;
    }
    return false;
  }

  get firstLive(): Run | undefined {
    return this.waiting.find((run) => !run.isCancelled);
  }

  /** A run that certainly belongs to the batch under way waits. */
  get hasJoined(): boolean {
    for (const run of this.waiting) {
      if (run.splits !== 'no') return false;
      if (!run.isCancelled && run.mayBeOf.length === 0) return true;
    }
    return false;
  }

  /** Of the batch under way only reads wait, or nothing. Those that have perhaps failed with the batch before perhaps do not count. */
  get readsOnly(): Truth {
    let isCertain = true;
    let hasBegun = false;
    for (const { splits, isCancelled, mayBeOf, spec } of this.waiting) {
      if (splits === 'yes' && hasBegun) break;
      if (splits !== 'no' || mayBeOf.length > 0) isCertain = false;
      if (mayBeOf.length > 0) continue;
      hasBegun = true;
      if (!isCancelled && spec.method !== 'read') return isCertain ? 'no' : 'maybe';
    }
    return this.waiting.some(({ mayBeOf }) => mayBeOf.length > 0) ? 'maybe' : 'yes';
  }

  /** Those that certainly belong to the batch under way. */
  get joined(): Run[] {
    const end = this.waiting.findIndex((run) => run.splits !== 'no' || run.mayBeOf.length > 0);
    return this.waiting.slice(0, end === -1 ? undefined : end);
  }

  /** Takes those out of the line that certainly belong to the batch under way. */
  takeJoined(): Run[] {
    const end = this.waiting.findIndex((run) => run.splits !== 'no');
    return this.waiting.splice(0, end === -1 ? this.waiting.length : end);
  }
}
