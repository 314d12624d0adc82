import type { Clock } from './clock.js';
import type { Run } from './run.js';

/** The longest pause before the second attempt, and before any, in ms. */
const first = 5;
const longest = 1_000;

/** How often a batch has started over, and what is left of the attempt before. */
export class Attempts {
  count = 1;
  /** The operations that are to run again. */
  again: Run[] = [];
  /** What the latest save has failed with, if that was a conflict. */
  conflict: unknown;
  /** When the pause is over at the latest: known when all is quiet after the conflict. */
  #end: number | undefined;
  /** The timers have been lost since the pause began. */
  #isExcused = false;

  conflicts(cause: unknown): void {
    this.conflict = cause;
    this.#end = undefined;
    this.#isExcused = false;
  }

  startsOver(executed: Run[]): void {
    this.count++;
    this.again = executed;
  }

  timersLost(): void {
    this.#isExcused = true;
  }

  /** All is quiet. */
  rests({ now }: Clock): void {
    this.#end ??= now + Math.min(longest, first * 2 ** (this.count - 1));
  }

  /** Whether the pause is certainly over. */
  isDue({ now, isLate }: Clock): boolean {
    return this.#end !== undefined && now >= this.#end && !isLate && !this.#isExcused;
  }

  /** The timer is not there that ends the pause. */
  isForgotten({ now, next }: Clock): boolean {
    return this.#end !== undefined && now < this.#end && next > this.#end && !this.#isExcused;
  }
}
