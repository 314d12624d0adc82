import type { Settings } from './batch.js';
import type { Clock } from './clock.js';
import { Lane } from './lane.js';
import type { Run } from './run.js';
import type { Key } from './scenario.js';

/** What all parts of the model share. */
export class State {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly lanes: Map<Key, Lane>;
  /** The number of the turn: from one time when all is quiet to the next. */
  turn = 0;
  /** When this turn began. */
  turnStart = 0;
  /** Loads and saves whose promise has not settled. */
  inFlight = 0;
  /** Those of them that had to wait for a place. Whether the others take one is not said. */
  placesTaken = 0;
  isStopped = false;
  /** The signals of callers that have aborted, and why. */
  readonly abortedSignals = new Map<number, unknown>();
  /** The reasons of the stop() that have given up what was under way. */
  readonly givenUp: unknown[] = [];
  /** How many subscribe to the metrics, and how often there was nobody any more. */
  observers = 0;
  gaps = 0;
  /** The first thing that was not as it should be. */
  violation: string | undefined;

  constructor(settings: Settings, clock: Clock, keys: Key[]) {
    this.settings = settings;
    this.clock = clock;
    this.lanes = new Map(keys.map((key) => [key, new Lane(key)]));
  }

  violate(violation: string): void {
    this.violation ??= violation;
  }

  lane(key: Key): Lane {
    return this.lanes.get(key) as Lane;
  }

  get hasPlace(): boolean {
    return this.inFlight < this.settings.concurrency;
  }

  /** Whether a load or save waits for no place. */
  isExempt(lane: Lane): boolean {
    const flushed = lane.head && lane.head.phase !== 'over' ? lane.head : lane.firstLive;
    return this.isStopped || !!flushed?.isFlushed || this.settings.concurrency === Number.POSITIVE_INFINITY;
  }

  /** It has been seen, when all was quiet, that a key waits for a place. */
  asks(lane: Lane, isCertain = true): void {
    lane.ask ??= {
      earliest: this.turn,
      latest: this.turn,
      order: lane.head ? undefined : orderOf(lane.firstLive),
    };
    if (!isCertain) lane.ask.latest = Number.POSITIVE_INFINITY;
    else if (lane.ask.latest === Number.POSITIVE_INFINITY) {
      // It has perhaps asked anew, for another run.
      lane.ask.latest = this.turn;
      lane.ask.order = undefined;
    }
  }

  /** A load or save is called: nobody may have asked before. Tells whether it takes a place. */
  takesPlace(lane: Lane, what: string, first?: Run): boolean {
    const isExempt = this.isExempt(lane);
    if (!isExempt) {
      if (this.placesTaken >= this.settings.concurrency) this.violate(`${what} beyond the concurrency`);
      const earliest = lane.ask?.earliest ?? this.turn;
      const order = lane.ask ? lane.ask.order : orderOf(first);
      let free = this.settings.concurrency - this.placesTaken;
      for (const other of this.lanes.values()) {
        const ask = other === lane ? undefined : other.ask;
        if (!ask || this.isExempt(other)) continue;
        const isBefore = ask.latest < earliest || (ask.latest === earliest && isLess(ask.order, order));
        // Where there are places for both, it does not matter who takes his first.
        if (isBefore && --free <= 0) this.violate(`${what} before ${other.key}, which asked first`);
      }
    }
    lane.ask = undefined;
    this.inFlight++;
    if (!isExempt) this.placesTaken++;
    return !isExempt;
  }
}

function orderOf(run: Run | undefined): number | undefined {
  return run?.isFresh ? run.id : undefined;
}

function isLess(one: number | undefined, other: number | undefined): boolean {
  return one !== undefined && other !== undefined && one < other;
}
