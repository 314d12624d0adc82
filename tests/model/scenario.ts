/** What happens to one processor, from its start to its end. */

export type Key = 'a' | 'b' | 'c' | 'd' | 'e';

/**
 * What a call of lockResource, loadResource or saveResource does, or of those for many keys. One that hangs ends when an action says
 * so; one that obeys ends also when its signal aborts. One that conflicts rejects with a ConflictError.
 */
export type CallMode =
  | 'hangs'
  | 'obeys'
  | 'value'
  | 'promise'
  | 'throws'
  | 'rejects'
  | 'thenable'
  | 'conflicts';

/**
 * What a call for many keys resolves to: an array, with an Error in the first place or in all but the first, or with a conflict there;
 * nothing at all, or an array of another length.
 */
export type ResultMode =
  | 'array'
  | 'nothing'
  | 'first fails'
  | 'others fail'
  | 'first conflicts'
  | 'others conflict'
  | 'too short';

/** What a lock resolves to: a function, one that throws, nothing, or a mistake. */
export type ReleaseMode = 'releases' | 'throws' | 'nothing' | 'mistake';

/** A plain object, a Proxy that throws when it is looked at, or one that is revoked right after the operation. */
export type ValueMode = 'plain' | 'touchy' | 'revoked';

/** A thenable that calls back twice, at once; or a native promise with a `then` of its own that does, or that calls back once more later, or throws then. */
export type ThenableMode = 'twice' | 'own then' | 'late' | 'throws';

export interface World {
  keys: Key[];
  minDuration: number | undefined;
  maxDuration: number | undefined;
  maxOperations: number | undefined;
  concurrency: number | undefined;
  /** What the first, second, … call does, over and over again. */
  locks: CallMode[] | undefined;
  releases: ReleaseMode[];
  loads: CallMode[];
  saves: CallMode[];
  /** Whether loads, and saves, are calls for many keys. */
  sharesLoads: boolean;
  sharesSaves: boolean;
  maxKeys: number | undefined;
  /** What the first, second, … call for many keys resolves to. */
  results: ResultMode[];
  retries: number | undefined;
  /** Whether others write the same records, and a save is refused if they have done so since the load. */
  hasOthers: boolean;
  /** What is random, over and over again. */
  random: number[];
  isFrozen: boolean;
  /** Whether the batches' signals are read while the batches are under way. They may be made when they are read first. */
  readsSignals: boolean;
  /** Whether somebody subscribes to the metrics at the start, and iterates over them. */
  subscribes: boolean;
  iterates: boolean;
  /** Whether all timers run before the processor is stopped in the end. */
  waits: boolean;
  /** What operations return where it is not looked at. */
  values: ValueMode;
  /** How the thenables that callbacks return misbehave. */
  thenables: ThenableMode;
  /** Whether a listener keeps the abort of a caller's signal from all that come after it. */
  mutes: boolean;
}

/** What an operation does at its end. */
export type Ending =
  | 'value'
  | 'undefined'
  | 'throws'
  | 'promise'
  | 'thenable'
  | 'throws at first'
  | 'throws later';

export type Action =
  | { type: 'run'; method: 'run' | 'update' | 'read'; key: Key; signal: number | undefined; ending: Ending }
  /** Runs on several keys in one go. */
  | { type: 'crowd'; method: 'run' | 'update' | 'read'; keys: Key[]; signal: number | undefined }
  | { type: 'call ends'; which: number; how: 'well' | 'badly' | 'badly, but stored' | 'in conflict' }
  | { type: 'time passes' | 'blocked'; time: number }
  | { type: 'timers lost' }
  | { type: 'abort'; signal: number }
  | { type: 'flush'; key: Key | undefined }
  | { type: 'stop'; signal: 'none' | 'later' | 'aborted' }
  | { type: 'abort stop' }
  | { type: 'subscribe'; throws: boolean }
  | { type: 'unsubscribe' }
  | { type: 'another writes'; key: Key };

/** Where an action takes place: now, on an empty stack, or where something calls back next. */
export type Place =
  | 'now'
  | 'operation'
  | 'continuation of a run'
  | 'continuation of a flush'
  | 'lock'
  | 'load'
  | 'save'
  | 'release'
  | 'abort of a caller'
  | 'abort of a batch'
  | 'metric';

export interface Step {
  action: Action;
  place: Place;
  /** How many turns of microtasks pass after it, before the next step. */
  turns: number;
}

export interface Scenario {
  world: World;
  steps: Step[];
}

/** As many turns as there are. */
export const full = Number.POSITIVE_INFINITY;
