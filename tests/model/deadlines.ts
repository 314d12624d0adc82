import type { Span, Truth } from './batch.js';
import type { Clock } from './clock.js';
import type { Settings } from './settings.js';

/** When the window of a batch closes by time, and when the batch times out. */
export class Deadlines {
  readonly start: Span;
  /** The timers that it needs have been lost. */
  isExcused = false;
  /** What a late timer took from the window. */
  #lateBy = 0;
  readonly #clock: Clock;
  readonly #settings: Settings;
  readonly #blockedBefore: number;

  constructor(start: Span, clock: Clock, settings: Settings) {
    this.start = start;
    this.#clock = clock;
    this.#settings = settings;
    // Between the batch's start and its first call time has passed only where something blocked.
    this.#blockedBefore = clock.blocked - (clock.now - start.min);
  }

  /** Whether the window has reached its time. */
  get isDue(): Truth {
    return this.#reached(this.#settings.minDuration, 0);
  }

  /** Only a late timer can have closed the window so late. What it took, it does not take from the time to save. */
  closesLate(): void {
    const { now, isFrozen } = this.#clock;
    if (!isFrozen) this.#lateBy = Math.max(0, now - this.start.max - this.#settings.minDuration);
  }

  /** Whether `maxDuration` has passed: for a batch that has perhaps ended at a certain time, unseen. */
  timeout(mayHaveEndedAt: number | undefined): Truth {
    const { maxDuration } = this.#settings;
    if (this.#reached(maxDuration + this.#lateBy, 0) === 'no') return 'no';
    if (mayHaveEndedAt !== undefined && mayHaveEndedAt <= this.start.max + maxDuration) return 'maybe';
    return this.#reached(maxDuration, this.#clock.blocked - this.#blockedBefore);
  }

  /** Whether `duration` has passed since the start; certainly so only `slack` later. */
  #reached(duration: number, slack: number): Truth {
    const { now, isLate, isFrozen } = this.#clock;
    if (now < this.start.min + duration) return 'no';
    const isCertain = !isLate && !isFrozen && !this.isExcused && now >= this.start.max + duration + slack;
    return isCertain ? 'yes' : 'maybe';
  }
}
