import type { Engine } from '../pkg/groupcommit.js';
import { Context } from './context.js';
import { BatchError } from './errors.js';
import { type Metrics, report } from './metrics.js';
import { type Settings, show } from './options.js';
import {
  type AnyOperation,
  attempt,
  type BatchFailure,
  isThenable,
  Kind,
  Run,
  settle,
  Thrown,
} from './run.js';
import type { BatchPhase, Release } from './types.js';

/** What `call` is for; `Phase` in src/engine/batch.rs has the same numbers. */
export enum Phase {
  Lock,
  Load,
  Save,
}

const phases: readonly BatchPhase[] = ['lock', 'load', 'save'];

/** What `call` answers; src/js/host.rs has the same numbers. */
export enum Called {
  NothingToDo,
  Done,
  UnderWay,
}

/** The part of a metric that the engine knows: operations, then durations. */
export type Numbers = readonly [number, number, number, number, number];

/** What all groups of a processor share. */
export interface Home {
  readonly settings: Settings;
  readonly engine: Engine;
  readonly metrics: Metrics;
  /** The number of runs accepted and not settled yet. */
  pending: number;
  /** What listens to the promise that a group's load or save has returned. */
  listeners(number: number): Listeners;
  /** No group is left. */
  idle(): void;
}

export interface Listeners {
  readonly succeeded: (value: unknown) => void;
  readonly failed: (cause: unknown) => void;
}

/** What a group has before its first run. */
const none: unknown[] = [];

/**
 * The runs that a key accepts while one window is open, and the resource of their batch. What happens when is decided by the engine; see
 * the trait `Host` in src/engine/host.rs.
 *
 * What a run costs is decided here, and a promise with its two resolvers is most of it. So only the first run of a group has them to
 * itself; the others are reactions to one shared promise, and find their outcome by counting, since the reactions to a promise happen in
 * the order in which they were made. A run with a signal, which may have to settle early, has its own promise besides its turn. Where
 * `maxOperations` can split a group every run has its own.
 */
export class Group {
  readonly number: number;
  readonly key: string | number;
  readonly home: Home;
  /** The groups of the same key before and after this one. */
  ahead: Group | undefined = undefined;
  behind: Group | undefined = undefined;
  /** No run joins any more. */
  isClosed = false;
  /** The engine wants to know when a run joins. */
  isParked = false;

  #context: Context | undefined = undefined;
  #resource: unknown = undefined;
  #phase = Phase.Lock;
  #release: Release | undefined = undefined;
  #isChanged = false;

  /** Operations, and in the place of each, once it ran, its outcome; or {@link Run}s with a promise of their own. */
  #runs: unknown[] = none;
  /** From here to `#taken` are the runs of the batch under way… */
  #first = 0;
  /** …and from here on those that wait. */
  #taken = 0;
  /** How many runs of the batch under way settle with it, having not been cancelled. */
  #settling = 0;
  #unsettled = 0;
  #flushes: (() => void)[] | undefined = undefined;

  #resolveFirst: ((value: unknown) => void) | undefined = undefined;
  #rejectFirst: ((reason: unknown) => void) | undefined = undefined;
  #turns: Turns | undefined = undefined;

  constructor(number: number, key: string | number, home: Home) {
    this.number = number;
    // Of 0 and -0, which are one key, the callbacks see 0.
    this.key = key === 0 ? 0 : key;
    this.home = home;
  }

  /** Adds a run, and returns the promise of its outcome. */
  join(kind: Kind, operation: AnyOperation, signal: AbortSignal | undefined): Promise<unknown> {
    const home = this.home;
    if (this.isParked) {
      this.isParked = false;
      home.engine.wake(this.number);
    }
    this.#unsettled++;
    home.pending++;

    const canSplit = home.settings.maxOperations < Infinity;
    if (signal || canSplit) return this.#joinWithPromise(new Run(kind, operation), signal, canSplit);
    const isFirst = this.#push(kind === Kind.Run ? operation : new Run(kind, operation));
    return isFirst ? this.#firstPromise() : this.#turn();
  }

  #joinWithPromise(run: Run, signal: AbortSignal | undefined, canSplit: boolean): Promise<unknown> {
    const isFirst = this.#push(run);
    const promise = run.promise();
    if (signal) run.cancelOn(signal, this);
    if (!isFirst && !canSplit) this.#turn();
    return promise;
  }

  /** True if the run is the first. Most groups have just one: an array that is made with it takes a tenth of the memory. */
  #push(run: unknown): boolean {
    const isFirst = this.#runs.length === 0;
    if (isFirst) this.#runs = [run];
    else this.#runs.push(run);
    return isFirst;
  }

  #firstPromise(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#resolveFirst = resolve;
      this.#rejectFirst = reject;
    });
  }

  #turn(): Promise<unknown> {
    this.#turns ??= new Turns(this.#runs);
    return this.#turns.next();
  }

  /** One of the runs that wait has been cancelled. */
  cancelled(): void {
    this.#settled(1);
  }

  #settled(count: number): void {
    this.#unsettled -= count;
    this.home.pending -= count;
    if (this.#unsettled > 0 || !this.#flushes) return;
    for (const flushed of this.#flushes.splice(0)) flushed();
  }

  /** Calls back when no run of the group is unsettled any more. */
  whenSettled(flushed: () => void): void {
    if (this.#unsettled === 0) flushed();
    else if (this.#flushes) this.#flushes.push(flushed);
    else this.#flushes = [flushed];
  }

  get waiting(): number {
    return this.#runs.length - this.#taken;
  }

  get hasUnsettled(): boolean {
    return this.#unsettled > 0;
  }

  get isChanged(): boolean {
    return this.#isChanged;
  }

  call(phase: Phase): Called {
    if (phase === Phase.Lock) this.#context = new Context();
    this.#phase = phase;
    const context = this.#context as Context;
    const { settings } = this.home;
    try {
      let result: unknown;
      if (phase === Phase.Save) {
        if (!settings.saveResource) return Called.NothingToDo;
        result = settings.saveResource.call(undefined, this.key, this.#resource, context);
      } else {
        const callback = phase === Phase.Load ? settings.loadResource : settings.lockResource;
        if (!callback) return Called.NothingToDo;
        result = callback.call(undefined, this.key, context);
      }
      if (isThenable(result)) return this.#await(result);
      this.received(result);
      return Called.Done;
    } catch (cause) {
      return this.#await(Promise.reject(cause));
    }
  }

  /** Whatever kind of thenable it is, one of the two is called, and once. */
  #await(promise: PromiseLike<unknown>): Called {
    const { succeeded, failed } = this.home.listeners(this.number);
    Promise.resolve(promise).then(succeeded, failed);
    return Called.UnderWay;
  }

  /** What `lockResource`, `loadResource` or `saveResource` returned or promised has come. */
  received(value: unknown): void {
    if (this.#phase === Phase.Load) this.#resource = value;
    if (this.#phase === Phase.Lock && value !== undefined) {
      if (typeof value !== 'function') {
        throw new TypeError(`lockResource must return a function or undefined, not ${show(value)}`);
      }
      this.#release = value as Release;
    }
  }

  release(): void {
    const release = this.#release;
    this.#release = undefined;
    try {
      release?.();
    } catch (error) {
      report(error);
    }
  }

  execute(atMost: number): number {
    const runs = this.#runs;
    const end = runs.length;
    let ran = 0;
    while (this.#taken < end && ran < atMost) {
      const place = this.#taken++;
      const run = runs[place];
      if (!(run instanceof Run)) {
        runs[place] = this.#execute(Kind.Run, run as AnyOperation);
      } else {
        if (run.isSettled) continue;
        const outcome = this.#execute(run.kind, run.take());
        if (run.hasPromise) run.outcome = outcome;
        else runs[place] = outcome;
      }
      ran++;
    }
    this.#settling += ran;
    return ran;
  }

  #execute(kind: Kind, operation: AnyOperation): unknown {
    const outcome = attempt(operation, this.#resource);
    if (kind !== Kind.Read && !(outcome instanceof Thrown)) {
      this.#isChanged = true;
      if (kind === Kind.Update) this.#resource = outcome;
    }
    return outcome;
  }

  take(atMost: number): void {
    while (this.waiting > 0 && this.#settling < atMost) {
      const run = this.#runs[this.#taken++];
      if (run instanceof Run) {
        if (run.isSettled) continue;
        run.take();
      }
      this.#settling++;
    }
  }

  settle(): void {
    this.#settle(undefined);
  }

  fail(operationCount: number, phase: Phase, cause: unknown): void {
    this.#settle(() => new BatchError(phases[phase] as BatchPhase, this.key, operationCount, cause));
  }

  #settle(error: BatchFailure): void {
    const runs = this.#runs;
    if (this.#resolveFirst && this.#rejectFirst) {
      settle(this.#resolveFirst, this.#rejectFirst, runs[0], error);
      this.#turns?.end(error);
    } else if (this.#turns) {
      (runs[0] as Run).settle(error);
      this.#turns.end(error);
    } else {
      for (let place = this.#first; place < this.#taken; place++) (runs[place] as Run).settle(error);
      this.#letGo();
    }

    this.#resource = undefined;
    this.#isChanged = false;
    this.#settled(this.#settling);
    this.#settling = 0;
    this.#context?.end();
  }

  /** Forgets the runs that have settled, once they are the greater part, so that those that are left move seldom. */
  #letGo(): void {
    this.#first = this.#taken;
    if (this.#runs.length <= 2 * this.#taken) {
      this.#runs = this.#runs.slice(this.#taken);
      this.#first = this.#taken = 0;
    }
  }

  publish(numbers: Numbers, phase: Phase, cause: unknown): void {
    const [operationCount, lockResourceDuration, loadResourceDuration, saveResourceDuration, totalDuration] =
      numbers;
    const name = phases[phase];
    this.home.metrics.publish({
      // Rounded up, since the clock that tells now has rounded down.
      batchStart: new Date(Math.ceil(Date.now() - totalDuration)),
      resourceKey: this.key,
      operationCount,
      lockResourceDuration,
      loadResourceDuration,
      saveResourceDuration,
      totalDuration,
      ...(name && { error: new BatchError(name, this.key, operationCount, cause) }),
    });
  }

  abort(): void {
    this.#context?.timeOut();
  }
}

/** The turns of all runs of a group but the first: reactions to one promise, that of the group's end. */
class Turns {
  readonly #runs: readonly unknown[];
  readonly #ended: Promise<Turns>;
  #end!: (turns: Turns) => void;
  #error: BatchFailure;
  #place = 1;

  constructor(runs: readonly unknown[]) {
    this.#runs = runs;
    this.#ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  next(): Promise<unknown> {
    return this.#ended.then(Turns.#take);
  }

  end(error: BatchFailure): void {
    this.#error = error;
    this.#end(this);
  }

  static #take(this: void, turns: Turns): unknown {
    const outcome = turns.#runs[turns.#place++];
    if (outcome instanceof Run && outcome.hasPromise) return outcome.settle(turns.#error);
    if (turns.#error) throw turns.#error();
    if (outcome instanceof Thrown) throw outcome.error;
    return outcome;
  }
}
