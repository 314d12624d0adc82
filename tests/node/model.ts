/**
 * What contract.md promises, as a model without promises, timers or microtasks: calls only note what has to be done, and `settle` does
 * all that can be done until something outside is waited for. It knows the whole world that the tests make: the store, the callbacks and what the operations do.
 */

export type Key = 'a' | 'b' | 'c';

/** What a call of loadResource or saveResource does. A held one ends when an action says so. */
export type Mode = 'held' | 'value' | 'promise' | 'throw' | 'reject';

export interface World {
  keys: Key[];
  minDuration: number;
  maxDuration: number;
  maxOperations: number;
  /** What the first, second, … load or save of a key does, over and over again. */
  loads: Mode[];
  saves: Mode[];
}

export interface RunSpec {
  type: 'run';
  method: 'run' | 'update' | 'read';
  key: Key;
  /** One of the two signals that the runs of this key use. */
  signal?: 0 | 1 | undefined;
  /** What the operation does before it changes the resource and ends. */
  inside: Action[];
  end: 'value' | 'throw' | 'promise' | 'undefined';
}

export type Action =
  | RunSpec
  | { type: 'abort'; key: Key; signal: 0 | 1 }
  | { type: 'flush'; key?: Key | undefined }
  | { type: 'stop' }
  | { type: 'load ends' | 'save ends'; key: Key; succeeds: boolean }
  | { type: 'time passes' };

export type Resource = { log: string[] } | undefined;

/** The operation of a run: user code, the same for the model and for the package. */
export function operate(
  spec: RunSpec,
  name: string,
  resource: Resource,
  act: (action: Action, name: string) => void,
): unknown {
  for (const [index, action] of spec.inside.entries()) act(action, `${name}.${index}`);
  if (spec.end === 'promise') return Promise.reject(new Error('lost'));
  let result: unknown = `${name} saw ${resource?.log.join(' ') ?? 'nothing'}`;
  if (spec.method === 'update') {
    result = spec.end === 'undefined' ? undefined : { log: [...(resource?.log ?? []), name] };
  } else if (spec.method === 'run') {
    resource?.log.push(name);
  }
  // Thrown after the change: the resource is saved as it stands.
  if (spec.end === 'throw') throw `thrown by ${name}`;
  return spec.end === 'undefined' ? undefined : result;
}

export const pending = 'pending';
export const fulfilled = (value: unknown) => `fulfilled ${JSON.stringify(value)}`;
export const rejected = {
  thrown: (error: unknown) => `rejected ${error}`,
  mistaken: 'rejected TypeError',
  cancelled: (reason: unknown) => `rejected ERR_OPERATION_CANCELLED ${reason}`,
  stopped: 'rejected ERR_PROCESSOR_STOPPED',
  failed: (phase: string, key: string, operationCount: number, cause: unknown) =>
    `rejected ERR_${phase.toUpperCase()}_FAILED ${phase} ${key} ${operationCount} ${cause}`,
  /** A run after stop() with a signal that has aborted: which of the two reasons comes first is not said. */
  stoppedOrCancelled: 'rejected ERR_PROCESSOR_STOPPED or ERR_OPERATION_CANCELLED',
};
export const causeOf = (phase: 'load' | 'save', key: Key, count: number) =>
  `${phase} ${count} of ${key} failed`;
export const reasonOf = (key: Key, signal: 0 | 1) => `signal ${signal} of ${key}`;

interface Run {
  name: string;
  spec: RunSpec;
  sequence: number;
  outcome: string;
  /** What the run settles with if its batch succeeds, told then: later operations may change the resource that an update returned. */
  result: () => string;
}

interface Batch {
  lane: Lane;
  phase: 'loading' | 'open' | 'saving' | 'ended';
  start: number;
  end: number;
  /** Runs up to this one belong to the batch: the one that was the last when the window closed. */
  last: number;
  joined: Run[];
  resource: Resource;
  isChanged: boolean;
  /** How the call under way ended, once it has. */
  ended: 'not yet' | 'well' | 'badly';
  cause: string;
}

interface Lane {
  key: Key;
  waiting: Run[];
  batch: Batch | undefined;
  /** After these runs a flush has cut: what comes later is of another batch. */
  cuts: number[];
  aborted: Set<0 | 1>;
  stored: string[] | undefined;
  loads: number;
  saves: number;
}

interface Flush {
  runs: Run[];
  batches: Batch[];
}

export class Model {
  now = 0;
  readonly runs = new Map<string, Run>();
  readonly flushes = new Map<string, Flush>();
  /** For each key, what happened in order: loads, operations, saves. */
  readonly events: Record<Key, string[]> = { a: [], b: [], c: [] };
  readonly metrics: Record<Key, string[]> = { a: [], b: [], c: [] };
  readonly batches: Batch[] = [];
  readonly #world: World;
  readonly #lanes: Map<Key, Lane>;
  #stopped = false;
  #sequence = 0;

  constructor(world: World) {
    this.#world = world;
    this.#lanes = new Map(
      world.keys.map((key) => [
        key,
        {
          key,
          waiting: [],
          batch: undefined,
          cuts: [],
          aborted: new Set(),
          stored: undefined,
          loads: 0,
          saves: 0,
        },
      ]),
    );
  }

  readonly act = (action: Action, name: string): void => {
    switch (action.type) {
      case 'run':
        return this.#accept(action, name);
      case 'abort':
        return this.#abort(this.#lane(action.key), action.signal);
      case 'flush':
        return this.#flush(name, action.key);
      case 'stop':
        this.#stopped = true;
        return this.#flush(name, undefined);
      case 'load ends':
        return this.#callEnds(action.key, 'loading', action.succeeds);
      case 'save ends':
        return this.#callEnds(action.key, 'saving', action.succeeds);
      case 'time passes':
        throw new Error('time passes only between two settlements');
    }
  };

  get pending(): number {
    return [...this.runs.values()].filter((run) => run.outcome === pending).length;
  }

  get stored(): Map<Key, string[]> {
    const stored = new Map<Key, string[]>();
    for (const lane of this.#lanes.values()) if (lane.stored) stored.set(lane.key, lane.stored);
    return stored;
  }

  /** The names of the calls that hang. */
  get held(): { type: 'load ends' | 'save ends'; key: Key }[] {
    return [...this.#lanes.values()].flatMap(({ key, batch }) => {
      if (batch?.ended !== 'not yet' || batch.phase === 'open') return [];
      return [{ type: batch.phase === 'loading' ? ('load ends' as const) : ('save ends' as const), key }];
    });
  }

  /** A flush whose runs have all been cancelled may or may not wait for the batch under way. */
  flushState(name: string): 'pending' | 'fulfilled' | 'either' {
    const { runs, batches } = this.flushes.get(name) as Flush;
    if (runs.some((run) => run.outcome === pending)) return 'pending';
    return batches.every((batch) => batch.phase === 'ended') ? 'fulfilled' : 'either';
  }

  /** The name of the reason that the signal of a batch has aborted with. */
  signalOf(batch: Batch): string {
    const end = batch.phase === 'ended' ? batch.end : this.now;
    if (end >= batch.start + this.#world.maxDuration) return 'TimeoutError';
    return batch.phase === 'ended' ? 'AbortError' : 'none';
  }

  #accept(spec: RunSpec, name: string): void {
    const lane = this.#lane(spec.key);
    const run: Run = { name, spec, sequence: ++this.#sequence, outcome: pending, result: () => pending };
    this.runs.set(name, run);
    const isAborted = spec.signal !== undefined && lane.aborted.has(spec.signal);
    if (isAborted && this.#stopped) run.outcome = rejected.stoppedOrCancelled;
    else if (isAborted) run.outcome = rejected.cancelled(reasonOf(spec.key, spec.signal as 0 | 1));
    else if (this.#stopped) run.outcome = rejected.stopped;
    else {
      lane.waiting.push(run);
      if (!lane.batch) this.#start(lane);
    }
  }

  #abort(lane: Lane, signal: 0 | 1): void {
    lane.aborted.add(signal);
    for (const run of lane.waiting) {
      if (run.spec.signal === signal) run.outcome = rejected.cancelled(reasonOf(lane.key, signal));
    }
    lane.waiting = lane.waiting.filter((run) => run.outcome === pending);
  }

  #flush(name: string, key: Key | undefined): void {
    const lanes = key ? [this.#lane(key)] : [...this.#lanes.values()];
    for (const lane of lanes) {
      lane.cuts.push(this.#sequence);
      if (lane.batch) this.#close(lane.batch);
    }
    this.flushes.set(name, {
      runs: [...this.runs.values()].filter(
        (run) => run.outcome === pending && (!key || run.spec.key === key),
      ),
      batches: lanes.flatMap((lane) => lane.batch ?? []),
    });
  }

  #callEnds(key: Key, phase: 'loading' | 'saving', succeeds: boolean): void {
    const { batch } = this.#lane(key);
    if (batch?.phase === phase && batch.ended === 'not yet') batch.ended = succeeds ? 'well' : 'badly';
  }

  /** Does all that can be done. */
  settle(): void {
    let progress = true;
    while (progress) {
      progress = false;
      for (const { batch } of this.#lanes.values()) if (batch && this.#advance(batch)) progress = true;
    }
  }

  /** Lets time pass, window by window, until it is over. */
  pass(time: number): void {
    const until = this.now + time;
    for (;;) {
      const ends = this.batches
        .filter((batch) => batch.phase === 'open')
        .map((batch) => batch.start + this.#world.minDuration)
        .filter((end) => end <= until);
      if (ends.length === 0) break;
      this.now = Math.min(...ends);
      for (const batch of this.batches) if (batch.phase === 'open' && this.#isDue(batch)) this.#close(batch);
      this.settle();
    }
    this.now = until;
  }

  #isDue(batch: Batch): boolean {
    return this.now >= batch.start + this.#world.minDuration;
  }

  #close(batch: Batch): void {
    if (batch.last === Number.POSITIVE_INFINITY) batch.last = this.#sequence;
  }

  #start(lane: Lane): void {
    const first = lane.waiting[0] as Run;
    const batch: Batch = {
      lane,
      phase: 'loading',
      start: this.now,
      end: Number.NaN,
      last: Math.min(...lane.cuts.filter((cut) => cut >= first.sequence)),
      joined: [],
      resource: { log: [...(lane.stored ?? [])] },
      isChanged: false,
      ended: 'not yet',
      cause: '',
    };
    lane.batch = batch;
    this.batches.push(batch);
    this.events[lane.key].push('load');
    this.#call(batch, 'load', this.#world.loads, lane.loads++);
  }

  #call(batch: Batch, phase: 'load' | 'save', modes: Mode[], count: number): void {
    const mode = modes[count % modes.length];
    batch.cause = causeOf(phase, batch.lane.key, count);
    if (mode === 'held') batch.ended = 'not yet';
    else batch.ended = mode === 'throw' || mode === 'reject' ? 'badly' : 'well';
  }

  /** The life of a batch: one step of it, if it does not wait for anything. */
  #advance(batch: Batch): boolean {
    switch (batch.phase) {
      case 'loading':
        if (batch.ended === 'not yet') return false;
        if (batch.ended === 'badly') {
          while (this.#hasNext(batch)) batch.joined.push(batch.lane.waiting.shift() as Run);
          this.#end(batch, 'load', 0);
          return true;
        }
        batch.phase = 'open';
        if (this.#world.minDuration > 0 && this.#isDue(batch)) this.#close(batch);
        return true;
      case 'open': {
        const next = this.#hasNext(batch);
        if (next) this.#execute(batch, batch.lane.waiting.shift() as Run);
        else if (this.#isClosed(batch)) this.#save(batch);
        else return false;
        return true;
      }
      case 'saving':
        if (batch.ended === 'not yet') return false;
        this.#end(batch, batch.ended === 'badly' ? 'save' : undefined, batch.joined.length);
        return true;
      case 'ended':
        return false;
    }
  }

  #hasNext({ lane, joined, last }: Batch): boolean {
    const next = lane.waiting[0];
    return next !== undefined && next.sequence <= last && joined.length < this.#world.maxOperations;
  }

  #isClosed(batch: Batch): boolean {
    return (
      batch.last < Number.POSITIVE_INFINITY ||
      batch.joined.length === this.#world.maxOperations ||
      this.#world.minDuration === 0
    );
  }

  #execute(batch: Batch, run: Run): void {
    batch.joined.push(run);
    this.events[batch.lane.key].push(`operation ${run.name}`);
    try {
      const value = operate(run.spec, run.name, batch.resource, this.act);
      if (value instanceof Promise) {
        value.catch(() => {});
        run.result = () => rejected.mistaken;
        return;
      }
      run.result = () => fulfilled(value);
      if (run.spec.method === 'update') batch.resource = value as Resource;
      if (run.spec.method !== 'read') batch.isChanged = true;
    } catch (error) {
      run.result = () => rejected.thrown(error);
    }
  }

  #save(batch: Batch): void {
    const { lane } = batch;
    if (!batch.isChanged) return this.#end(batch, undefined, batch.joined.length);
    batch.phase = 'saving';
    this.events[lane.key].push(`save ${batch.resource?.log.join(' ')}`);
    this.#call(batch, 'save', this.#world.saves, lane.saves++);
  }

  #end(batch: Batch, failed: 'load' | 'save' | undefined, operationCount: number): void {
    const { lane } = batch;
    if (!failed && batch.isChanged) lane.stored = batch.resource?.log;
    const error = failed && rejected.failed(failed, lane.key, operationCount, batch.cause);
    for (const run of batch.joined) run.outcome = error ?? run.result();
    this.metrics[lane.key].push(`${operationCount} ${error ?? 'saved'}`);
    batch.phase = 'ended';
    batch.end = this.now;
    lane.batch = undefined;
    if (lane.waiting.length > 0) this.#start(lane);
  }

  #lane(key: Key): Lane {
    return this.#lanes.get(key) as Lane;
  }
}
