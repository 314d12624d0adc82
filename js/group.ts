import type { Engine } from '../pkg/groupcommit.js';
import { Context, ENDED, TIMED_OUT } from './context.js';
import { BatchError } from './errors.js';
import type { Line } from './line.js';
import { type Metrics, report } from './metrics.js';
import { mistyped, type Settings } from './options.js';
import {
  type AnyOperation,
  attempt,
  type BatchFailure,
  isThenable,
  Kind,
  Run,
  type Settle,
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
  readonly engine: Engine;
  readonly metrics: Metrics;
  /** The number of runs accepted and not settled yet. */
  pending: number;
  readonly line: Line;
  /** No group is left. */
  idle(): void;
}

/** The functions of the promise that is just being made with `capture`, an executor that needs no closure. */
let resolveMade: Settle | undefined;
let rejectMade: Settle | undefined;

function capture(resolve: Settle, reject: Settle): void {
  resolveMade = resolve;
  rejectMade = reject;
}

/** They would keep the promise alive, and with it whatever it has resolved to. */
function forgetMade(): void {
  resolveMade = rejectMade = undefined;
}

/** What a group has before its first run. */
const none: never[] = [];

/** Runs are kept in arrays of so many: one for hundreds of thousands would be copied each time it has grown by half, to memory that is new. */
const PIECE_BITS = 13;
const PIECE = 1 << PIECE_BITS;

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
  // What every run touches comes first, so that it is close together.
  /** No run joins any more. */
  isClosed = false;
  readonly home: Home;
  /** A run that joins is executed soon. */
  #keepsExecuting = false;
  /** Operations, and in the place of each, once it ran, its outcome; or {@link Run}s with a promise of their own. */
  #runs: unknown[] = none;
  /** The runs before those, {@link PIECE} in each. */
  #pieces: unknown[][] = none;
  /** The promise whose reactions all runs but the first are, if there are any. */
  #ended: Promise<Group> | undefined = undefined;
  #executesSoon = false;
  /** For what is to happen soon: in Node a reaction to a promise costs a fifth of `queueMicrotask`, which makes an AsyncResource each time. */
  #itself: Promise<Group> | undefined = undefined;

  readonly number: number;
  readonly key: string | number;
  /** The groups of the same key before and after this one. */
  ahead: Group | undefined = undefined;
  behind: Group | undefined = undefined;
  /** The group after this one in the line. */
  next: Group | undefined = undefined;

  /** From here to `#taken` are the runs of the batch under way… Once all settle by turns, this is the one whose turn it was last. */
  #first = 0;
  /** …and from here on those that wait. */
  #taken = 0;
  /** How many runs have settled or been cancelled. */
  #gone = 0;
  /** How many of those that wait have been cancelled. */
  #cancelled = 0;
  /** How many runs of the batch under way settle with it, having not been cancelled. */
  #settling = 0;
  #resolveFirst: Settle | undefined = undefined;
  #rejectFirst: Settle | undefined = undefined;
  #end: Settle | undefined = undefined;
  #failure: BatchFailure = undefined;
  #flushes: (() => void)[] | undefined = undefined;

  #context: Context | undefined = undefined;
  #resource: unknown = undefined;
  #isChanged = false;
  #phase = Phase.Lock;
  /** What the call under way has failed with, if it has. */
  #cause: unknown = undefined;
  #release: Release | undefined = undefined;

  constructor(number: number, key: string | number, home: Home) {
    this.number = number;
    // Of 0 and -0, which are one key, the callbacks see 0.
    this.key = key === 0 ? 0 : key;
    this.home = home;
  }

  /** Adds a run, and returns the promise of its outcome. */
  join(kind: Kind, operation: AnyOperation, signal: AbortSignal | undefined): Promise<unknown> {
    const { home } = this;
    if (this.#keepsExecuting) this.#executeSoon();
    if (signal !== undefined || home.settings.canSplit)
      return this.#joinWithPromise(new Run(kind, operation), signal);

    home.pending++;
    const run = kind === Kind.Run ? operation : new Run(kind, operation);
    if (this.#runs === none) return this.#joinFirst(run);
    this.#push(run);
    return this.#turn();
  }

  /** Most groups have just one run: an array that is made with it takes a tenth of the memory. */
  #joinFirst(run: unknown): Promise<unknown> {
    this.#runs = [run];
    const promise = new Promise(capture);
    this.#resolveFirst = resolveMade;
    this.#rejectFirst = rejectMade;
    forgetMade();
    return promise;
  }

  #push(run: unknown): void {
    if (this.#runs.length === PIECE) {
      this.#pieces = [...this.#pieces, this.#runs];
      this.#runs = [];
    }
    this.#runs.push(run);
  }

  #at(place: number): unknown {
    return this.#pieceOf(place)[place & (PIECE - 1)];
  }

  #pieceOf(place: number): unknown[] {
    return this.#pieces[place >> PIECE_BITS] ?? this.#runs;
  }

  get #count(): number {
    return (this.#pieces.length << PIECE_BITS) + this.#runs.length;
  }

  #joinWithPromise(run: Run, signal: AbortSignal | undefined): Promise<unknown> {
    const promise = run.promise();
    if (signal) run.cancelOn(signal, this);
    this.home.pending++;
    if (this.#runs === none) {
      this.#runs = [run];
    } else {
      this.#push(run);
      if (!this.home.settings.canSplit) this.#turn();
    }
    return promise;
  }

  #turn(): Promise<unknown> {
    if (!this.#ended) {
      this.#ended = new Promise<Group>(capture as never);
      this.#end = resolveMade;
      forgetMade();
    }
    return this.#ended.then(takeTurn);
  }

  /** The next of the runs that are reactions to the group's end finds its outcome. */
  takeTurn(): unknown {
    const outcome = this.#at(++this.#first);
    if (typeof outcome === 'object') {
      if (outcome instanceof Run && outcome.hasPromise) return outcome.settle(this.#failure);
      if (outcome instanceof Thrown && !this.#failure) throw outcome.error;
    }
    if (this.#failure) throw this.#failure();
    return outcome;
  }

  /** One of the runs that wait has been cancelled. */
  cancelled(): void {
    this.#cancelled++;
    this.#gone++;
    this.home.pending--;
    this.settled();
  }

  /** Some runs have settled: tells who waits for that, if they were the last. */
  settled(): void {
    if (this.hasUnsettled || !this.#flushes) return;
    for (const flushed of this.#flushes.splice(0)) flushed();
  }

  /** Calls back when no run of the group is unsettled any more; of the last in the line, when it has left. */
  whenSettled(flushed: () => void): void {
    if (!this.hasUnsettled && this.home.line.last !== this) flushed();
    else if (this.#flushes) this.#flushes.push(flushed);
    else this.#flushes = [flushed];
  }

  get #waiting(): number {
    return this.#count - this.#taken - this.#cancelled;
  }

  /** Whether more runs wait than the batch under way still has room for. */
  get overflows(): boolean {
    return this.#settling + this.#waiting > this.home.settings.maxOperations;
  }

  get hasUnsettled(): boolean {
    return this.#gone < this.#count;
  }

  /** Calls what the phase is for. False if that is done. */
  call(phase: Phase): boolean {
    const { lockResource, loadResource, saveResource } = this.home.settings;
    const { key } = this;
    this.#context ??= new Context();
    this.#phase = phase;
    let result: unknown;
    try {
      if (phase === Phase.Save) result = saveResource?.(key, this.#resource, this.#context);
      else result = (phase === Phase.Load ? loadResource : lockResource)?.(key, this.#context);
      if (!isThenable(result)) {
        this.received(result);
        return false;
      }
    } catch (cause) {
      result = Promise.reject(cause);
    }
    // Bound functions are smaller than closures, and quicker to make.
    Promise.resolve(result).then(this.succeeded.bind(this), this.failed.bind(this));
    return true;
  }

  succeeded(value: unknown): void {
    try {
      this.received(value);
    } catch (cause) {
      this.failed(cause);
      return;
    }
    this.home.engine.done(this.number, true);
  }

  failed(cause: unknown): void {
    this.#cause = cause;
    this.home.engine.done(this.number, false);
  }

  /** What `lockResource`, `loadResource` or `saveResource` returned or promised has come. */
  received(value: unknown): void {
    if (this.#phase === Phase.Load) this.#resource = value;
    if (this.#phase === Phase.Lock && value !== undefined) {
      if (typeof value !== 'function') {
        throw mistyped('What lockResource returns', 'a function or undefined', value);
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

  /** Executes what waits now, and answers for src/js/host.rs in one number. */
  execute(): number {
    this.#keepsExecuting = false;
    this.#execute();
    return 4 * this.#settling + (this.#waiting > 0 ? 2 : 0) + (this.#isChanged ? 1 : 0);
  }

  /** From now on, and until `execute`, what joins is executed soon. */
  keepExecuting(): void {
    this.#keepsExecuting = true;
  }

  #executeSoon(): void {
    if (this.#executesSoon) return;
    this.#executesSoon = true;
    this.#itself ??= Promise.resolve(this);
    this.#itself.then(executeArrived);
  }

  executeArrived(): void {
    this.#executesSoon = false;
    if (!this.#keepsExecuting) return;
    this.#execute();
    if (this.#isFull) this.home.engine.done(this.number, true);
  }

  get #isFull(): boolean {
    return this.#settling >= this.home.settings.maxOperations;
  }

  #execute(): void {
    const { maxOperations } = this.home.settings;
    // What the operations queue themselves is not executed in the same turn.
    const end = this.#count;
    let place = this.#taken;
    let settling = this.#settling;
    let piece = this.#pieceOf(place);
    for (; place < end && settling < maxOperations; place++) {
      const index = place & (PIECE - 1);
      if (index === 0) piece = this.#pieceOf(place);
      const run = piece[index];
      if (typeof run === 'function') {
        const outcome = attempt(run as AnyOperation, this.#resource);
        if (!(outcome instanceof Thrown)) this.#isChanged = true;
        piece[index] = outcome;
      } else if ((run as Run).isSettled) {
        this.#cancelled--;
        continue;
      } else {
        this.#executeRun(run as Run, piece, index);
      }
      settling++;
    }
    this.#taken = place;
    this.#settling = settling;
  }

  #executeRun(run: Run, piece: unknown[], index: number): void {
    const outcome = attempt(run.take(), this.#resource);
    if (run.hasPromise) run.outcome = outcome;
    else piece[index] = outcome;
    if (run.kind === Kind.Read || outcome instanceof Thrown) return;
    if (run.kind === Kind.Update) this.#resource = outcome;
    this.#isChanged = true;
  }

  take(): void {
    while (this.#taken < this.#count && !this.#isFull) {
      const run = this.#at(this.#taken++);
      if (run instanceof Run) {
        if (run.isSettled) {
          this.#cancelled--;
          continue;
        }
        run.take();
      }
      this.#settling++;
    }
  }

  fail(operationCount: number): void {
    const phase = this.#phase;
    const cause = this.#cause;
    this.settle(() => this.#error(operationCount, phase, cause));
  }

  #error(operationCount: number, phase = this.#phase, cause = this.#cause): BatchError {
    return new BatchError(phases[phase] as BatchPhase, this.key, operationCount, cause);
  }

  settle(failure?: BatchFailure): void {
    this.#failure = failure;
    this.#resource = this.#cause = undefined;
    this.#isChanged = false;
    this.#gone += this.#settling;
    this.home.line.enter(this);
    const context = this.#context;
    this.#context = undefined;
    context?.abort(ENDED);
  }

  /** Settles the runs of the batch that has ended. False if they take turns, and leave the line later. */
  settleRuns(): boolean {
    const failure = this.#failure;
    this.home.pending -= this.#settling;
    this.#settling = 0;
    if (this.home.settings.canSplit) {
      for (let place = this.#first; place < this.#taken; place++) {
        (this.#at(place) as Run).settle(failure);
        this.#pieceOf(place)[place & (PIECE - 1)] = undefined;
      }
      this.#letGo();
      return true;
    }
    if (this.#resolveFirst && this.#rejectFirst)
      settle(this.#resolveFirst, this.#rejectFirst, this.#at(0), failure);
    // There is none if the only run that came had a signal that cannot be listened to.
    else (this.#at(0) as Run | undefined)?.settle(failure);
    this.#end?.(this);
    // Two steps later all have had their turn, and their callers have heard.
    this.#ended?.then(pass).then(leaveLine);
    return !this.#ended;
  }

  /** Drops the pieces of which all runs have settled, so that those that are left are never moved. */
  #letGo(): void {
    const gone = this.#taken & -PIECE;
    this.#pieces = this.#pieces.slice(gone >> PIECE_BITS);
    this.#gone -= gone;
    this.#taken -= gone;
    this.#first = this.#taken;
  }

  publish(numbers: Numbers, failed: boolean): void {
    const [operationCount, lockResourceDuration, loadResourceDuration, saveResourceDuration, totalDuration] =
      numbers;
    this.home.metrics.publish({
      // Rounded up, since the clock that tells now has rounded down.
      batchStart: new Date(Math.ceil(Date.now() - totalDuration)),
      resourceKey: this.key,
      operationCount,
      lockResourceDuration,
      loadResourceDuration,
      saveResourceDuration,
      totalDuration,
      ...(failed && { error: this.#error(operationCount) }),
    });
  }

  abort(): void {
    this.#context ??= new Context();
    this.#context.abort(TIMED_OUT);
  }
}

function takeTurn(group: Group): unknown {
  return group.takeTurn();
}

function executeArrived(group: Group): void {
  group.executeArrived();
}

function pass(group: Group): Group {
  return group;
}

function leaveLine(group: Group): void {
  group.home.line.leave(group);
}
