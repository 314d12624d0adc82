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

/** The part of a metric that the engine knows: operations, then durations. */
export type Numbers = readonly [number, number, number, number, number];

/** What all groups of a processor share. */
export interface Home {
  readonly settings: Settings;
  /** Whether a group can end up in several batches. */
  readonly canSplit: boolean;
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

/** The functions of the promise that is just being made with `capture`, an executor that needs no closure. */
const captured: { resolve: Settle; reject: Settle } = { resolve: ignore, reject: ignore };
type Settle = (value: unknown) => void;

function ignore(): void {}

function capture(resolve: Settle, reject: Settle): void {
  captured.resolve = resolve;
  captured.reject = reject;
}

/** They would keep the promise alive, and with it whatever it has resolved to. */
function forgetCaptured(): void {
  captured.resolve = captured.reject = ignore;
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

  #resolveFirst: Settle | undefined = undefined;
  #rejectFirst: Settle | undefined = undefined;
  #turns: Turns | undefined = undefined;

  constructor(number: number, key: string | number, home: Home) {
    this.number = number;
    // Of 0 and -0, which are one key, the callbacks see 0.
    this.key = key === 0 ? 0 : key;
    this.home = home;
  }

  /** Adds a run, and returns the promise of its outcome. */
  join(kind: Kind, operation: AnyOperation, signal: AbortSignal | undefined): Promise<unknown> {
    const { home } = this;
    if (this.isParked) this.#unpark();
    this.#unsettled++;
    home.pending++;
    if (signal !== undefined || home.canSplit) return this.#joinWithPromise(new Run(kind, operation), signal);

    const run = kind === Kind.Run ? operation : new Run(kind, operation);
    if (this.#runs === none) return this.#joinFirst(run);
    this.#runs.push(run);
    return this.#turn();
  }

  /** Most groups have just one run: an array that is made with it takes a tenth of the memory. */
  #joinFirst(run: unknown): Promise<unknown> {
    this.#runs = [run];
    const promise = new Promise(capture);
    this.#resolveFirst = captured.resolve;
    this.#rejectFirst = captured.reject;
    forgetCaptured();
    return promise;
  }

  #joinWithPromise(run: Run, signal: AbortSignal | undefined): Promise<unknown> {
    const promise = run.promise();
    if (signal) run.cancelOn(signal, this);
    if (this.#runs === none) {
      this.#runs = [run];
    } else {
      this.#runs.push(run);
      if (!this.home.canSplit) this.#turn();
    }
    return promise;
  }

  #turn(): Promise<unknown> {
    this.#turns ??= new Turns(this.#runs);
    return this.#turns.ended.then(takeTurn);
  }

  #unpark(): void {
    this.isParked = false;
    this.home.engine.wake(this.number);
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

  /** Calls what the phase is for. False if that is done. */
  call(phase: Phase): boolean {
    const { settings } = this.home;
    this.#context ??= new Context();
    this.#phase = phase;
    let result: unknown;
    try {
      result =
        phase === Phase.Load
          ? settings.loadResource?.call(undefined, this.key, this.#context)
          : phase === Phase.Save
            ? settings.saveResource?.call(undefined, this.key, this.#resource, this.#context)
            : settings.lockResource?.call(undefined, this.key, this.#context);
      if (!isThenable(result)) {
        this.received(result);
        return false;
      }
    } catch (cause) {
      result = Promise.reject(cause);
    }
    // Whatever kind of thenable it is, one of the two is called, and once.
    const { succeeded, failed } = this.home.listeners(this.number);
    Promise.resolve(result).then(succeeded, failed);
    return true;
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

  /** Runs what waits now, and answers for src/js/host.rs in one number. */
  execute(atMost: number): number {
    const runs = this.#runs;
    const end = runs.length;
    let place = this.#taken;
    let ran = 0;
    let isChanged = false;
    for (; place < end && ran < atMost; place++) {
      const run = runs[place];
      this.#taken = place + 1;
      if (typeof run === 'function') {
        const outcome = attempt(run as AnyOperation, this.#resource);
        if (!(outcome instanceof Thrown)) isChanged = true;
        runs[place] = outcome;
      } else if (!(run as Run).isSettled) {
        if (this.#execute(run as Run, place)) isChanged = true;
      } else continue;
      ran++;
    }
    this.#settling += ran;
    return 4 * ran + (this.waiting > 0 ? 2 : 0) + (isChanged ? 1 : 0);
  }

  /** True if the resource has changed. */
  #execute(run: Run, place: number): boolean {
    const outcome = attempt(run.take(), this.#resource);
    if (run.hasPromise) run.outcome = outcome;
    else this.#runs[place] = outcome;
    if (run.kind === Kind.Read || outcome instanceof Thrown) return false;
    if (run.kind === Kind.Update) this.#resource = outcome;
    return true;
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

  settle(): boolean {
    return this.#settle(undefined);
  }

  fail(operationCount: number, phase: Phase, cause: unknown): boolean {
    return this.#settle(() => new BatchError(phases[phase] as BatchPhase, this.key, operationCount, cause));
  }

  /** True if runs of the group are still unsettled. */
  #settle(error: BatchFailure): boolean {
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
    this.#settled(this.#settling);
    this.#settling = 0;
    const context = this.#context;
    this.#context = undefined;
    context?.end();
    return this.hasUnsettled;
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
    this.#context ??= new Context();
    this.#context.timeOut();
  }
}

/** The turns of all runs of a group but the first: reactions to one promise, that of the group's end. */
class Turns {
  readonly runs: readonly unknown[];
  readonly ended: Promise<Turns>;
  place = 1;
  error: BatchFailure = undefined;
  readonly #end: (turns: Turns) => void;

  constructor(runs: readonly unknown[]) {
    this.runs = runs;
    this.ended = new Promise<Turns>(capture as never);
    this.#end = captured.resolve;
    forgetCaptured();
  }

  end(error: BatchFailure): void {
    this.error = error;
    this.#end(this);
  }
}

function takeTurn(turns: Turns): unknown {
  const outcome = turns.runs[turns.place++];
  if (outcome instanceof Run && outcome.hasPromise) return outcome.settle(turns.error);
  if (turns.error) throw turns.error();
  if (outcome instanceof Thrown) throw outcome.error;
  return outcome;
}
