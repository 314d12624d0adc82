import type { BatchPhase } from 'groupcommit';
import { Abort } from './abort.js';
import { Attempts } from './attempts.js';
import type { Call } from './call.js';
import type { Clock } from './clock.js';
import { Deadlines } from './deadlines.js';
import type { Lane } from './lane.js';
import type { Run } from './run.js';
import type { Settings } from './settings.js';

/** A batch as its callbacks see it. */
export interface Given {
  readonly key: string;
  readonly signal: AbortSignal;
  /** In a save with others. */
  readonly resource?: unknown;
}

export type Resource = { log: number[] } | undefined;

/** What the contract lets happen now, or asks for. */
export type Truth = 'no' | 'maybe' | 'yes';

export interface Span {
  min: number;
  max: number;
}

/** One batch that has begun: lockResource, or else loadResource, has been called for it. */
export class Batch {
  readonly lane: Lane;
  readonly given: Given;
  readonly deadlines: Deadlines;
  readonly abort = new Abort(this);
  readonly attempts = new Attempts();
  readonly calls: Call[] = [];
  /** `over`: what ends the batch has happened, so it ends at any moment in this turn. */
  phase: 'locking' | 'locked' | 'loading' | 'loaded' | 'saving' | 'pausing' | 'over' = 'locking';
  failure: { phase: BatchPhase; cause: unknown } | undefined;
  resource: Resource;
  readonly executed: Run[] = [];
  /** An operation that changes the resource has succeeded. */
  isChanged = false;
  /** Certainly no run joins it any more. */
  isClosed = false;
  mayBeClosed = false;
  /** It is perhaps one that was flushed before all its runs were cancelled. */
  mayBeFlushed = false;
  /** The load has ended in this turn, and it is not known whether that has been heard. */
  isHearing = false;
  closesAtLoad: Truth = 'no';
  isFlushed = false;
  /** When it asks for its next call, if others ask at the very same moment: in one go, or because of one call. */
  moment: object | undefined;
  /** The number of the run with which it asks, if that is certain. */
  order: number | undefined;
  release: 'nothing to do' | 'due' | 'done' = 'nothing to do';
  endedAt: Span | undefined;
  /** Since when, and since which turn, it has perhaps ended, unseen. */
  mayHaveEnded: { at: number; turn: number } | undefined;
  readonly metricsSeen = new Set<object>();
  readonly #clock: Clock;
  readonly #settings: Settings;

  constructor(lane: Lane, given: Given, start: Span, clock: Clock, settings: Settings) {
    this.lane = lane;
    this.given = given;
    this.deadlines = new Deadlines(start, clock, settings);
    this.#clock = clock;
    this.#settings = settings;
  }

  fill({ fills }: Run): void {
    if (fills === 'yes') this.isClosed = true;
    else if (fills === 'maybe') this.mayBeClosed = true;
  }

  /** Whether it is closed to a run that comes now. */
  get closed(): Truth {
    if (this.isClosed) return 'yes';
    return this.mayBeClosed && this.#closes === 'no' ? 'maybe' : this.#closes;
  }

  get #closes(): Truth {
    switch (this.phase) {
      case 'locking':
      case 'loading':
        return 'no';
      // Without runs it may have ended already.
      case 'locked':
        return this.lane.hasLiveOfHead ? 'no' : 'maybe';
      case 'loaded':
        if (!this.isHearing) return this.closesAtLoad === 'maybe' ? 'maybe' : this.deadlines.isDue;
        return this.closesAtLoad !== 'no' || this.deadlines.isDue !== 'no' || this.lane.readsOnly !== 'no'
          ? 'maybe'
          : 'no';
      case 'saving':
      case 'pausing':
        return 'yes';
      // The failure of a lock or load has been told, and perhaps not heard yet.
      default:
        return this.failsWithAll ? 'maybe' : 'yes';
    }
  }

  loadEnded(): void {
    this.phase = 'loaded';
    this.isHearing = true;
    this.closesAtLoad = this.#closesNow;
  }

  /** What comes after the load comes now, so its end has been heard: a window that closes then has closed. */
  heard(): void {
    if (!this.isHearing) return;
    this.isHearing = false;
    const closesNow = this.#closesNow;
    if (this.closesAtLoad === 'yes' && closesNow === 'yes') this.isClosed = true;
    else if (this.closesAtLoad !== 'no' || closesNow !== 'no') this.closesAtLoad = 'maybe';
  }

  /** Its save had a conflict, in this turn. Which came first, that or a stop of this turn that gives it up, is not said. */
  conflicts(cause: unknown, turn: number): void {
    const { retries } = this.#settings;
    this.attempts.conflicts(cause);
    if (this.attempts.count <= retries && !this.abort.hadBefore(turn)) this.phase = 'pausing';
    else this.fails('save', cause);
  }

  /** How many operations ran, the last time. */
  get operationCount(): number {
    return this.executed.length || this.attempts.again.length;
  }

  startsOver(): void {
    this.attempts.startsOver(this.executed.splice(0));
    this.isChanged = false;
  }

  fails(phase: BatchPhase, cause: unknown): void {
    this.phase = 'over';
    this.failure = { phase, cause };
  }

  /** A lock or load has failed before any operation ran: so does every run that had joined. */
  get failsWithAll(): boolean {
    return this.failure !== undefined && this.failure.phase !== 'save' && this.attempts.count === 1;
  }

  get #closesNow(): Truth {
    if (this.#settings.minDuration === 0 || this.deadlines.isDue === 'yes') return 'yes';
    const { readsOnly } = this.lane;
    return this.deadlines.isDue === 'maybe' && readsOnly === 'no' ? 'maybe' : readsOnly;
  }

  /** The call of saveResource. */
  saveBegins(hasWaited: boolean): void {
    if (!this.isClosed && this.closesAtLoad === 'no' && !hasWaited) this.deadlines.closesLate();
    this.phase = 'saving';
    this.isClosed = true;
  }

  /** Whether it may have ended by now. */
  get mayEnd(): boolean {
    switch (this.phase) {
      case 'over':
        return true;
      case 'locked':
        return !this.lane.hasJoined;
      case 'loaded':
        return (
          !this.isChanged && this.closed !== 'no' && !this.lane.hasJoined && this.attempts.again.length === 0
        );
      case 'pausing':
        return this.abort.has !== 'no';
      default:
        return false;
    }
  }

  /** It has been seen, when all was quiet, that it waits for the end of its window or its pause. */
  isResting = false;

  /** All is quiet in a turn that began then. */
  rests(turnStart: number, turn: number): void {
    // Of a batch whose operations have run, the end would have been seen.
    if (this.mayEnd && this.phase !== 'pausing') this.mayHaveEnded ??= { at: turnStart, turn };
    else this.mayHaveEnded = undefined;
    this.isResting = this.phase === 'pausing' || (this.phase === 'loaded' && this.closed === 'no');
  }

  end(turnStart: number, turn: number): void {
    if (this.phase === 'pausing') this.fails('save', this.attempts.conflict);
    this.mayHaveEnded ??= { at: turnStart, turn };
    this.abort.ends(turn);
    this.endedAt = { min: this.mayHaveEnded.at, max: this.#clock.now };
  }
}
