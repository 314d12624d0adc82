import type { Clock } from './clock.js';
import { Lane } from './lane.js';
import { Places } from './places.js';
import type { Key } from './scenario.js';
import type { Settings } from './settings.js';

/** What all parts of the model share. */
export class State {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly lanes: Map<Key, Lane>;
  readonly places: Places;
  /** The number of the turn: from one time when all is quiet to the next. */
  turn = 0;
  /** When this turn began. */
  turnStart = 0;
  isStopped = false;
  /** The signals of callers that have aborted, and why. */
  readonly abortedSignals = new Map<number, unknown>();
  /** The reasons of the stop() that have given up what was under way. */
  readonly givenUp: unknown[] = [];
  /** How many subscribe to the metrics, and how often there was nobody any more. */
  observers = 0;
  gaps = 0;
  /** The turn in which the first of them came. */
  observedIn = -1;
  /** The first thing that was not as it should be. */
  violation: string | undefined;
  /** What happens in one go, before any microtask runs, happens at the same moment. */
  moment = {};

  constructor(settings: Settings, clock: Clock, keys: Key[]) {
    this.settings = settings;
    this.clock = clock;
    this.lanes = new Map(keys.map((key) => [key, new Lane(key)]));
    this.places = new Places(this);
  }

  violate(violation: string): void {
    this.violation ??= violation;
  }

  lane(key: Key): Lane {
    const lane = this.lanes.get(key);
    if (lane) return lane;
    this.violate(`there is no key ${key}`);
    throw new Error('There is no such key');
  }
}
