import type { BatchPhase } from 'groupcommit';
import type { Batch, Given, Resource } from './batch.js';
import type { Batches } from './batches.js';
import type { Call, CallGiven } from './call.js';
import type { Run } from './run.js';
import type { State } from './state.js';

/** What a call has come to for one of its batches. */
export type Result = { value: unknown } | { cause: unknown; isConflict?: boolean };

/** What the processor may call, and when: each method is told what it has just called, or what has come of it. */
export class Calls {
  /** Calls for many keys. */
  readonly shared: Call[] = [];
  readonly #state: State;
  readonly #batches: Batches;

  constructor(state: State, batches: Batches) {
    this.#state = state;
    this.#batches = batches;
  }

  lockCalled(given: Given): Call {
    if (this.#batches.byGiven.has(given)) this.#violate(`two batches of ${given.key} get the same object`);
    const batch = this.#batches.begin(given, 'lock');
    batch.phase = 'locking';
    return this.#make('lock', [batch]);
  }

  loadCalled(givens: readonly Given[], call?: CallGiven): Call {
    return this.#make(
      'load',
      givens.map((given) => this.#toLoad(given)),
      call,
    );
  }

  #toLoad(given: Given): Batch {
    const { settings, turn } = this.#state;
    const isKnown = settings.locks || this.#batches.byGiven.has(given);
    const batch = isKnown ? this.#known(given, 'load') : this.#batches.begin(given, 'load');
    const { lane, phase } = batch;
    if (isKnown && (batch !== lane.head || (phase !== 'locked' && phase !== 'pausing')))
      this.#violate(`${lane.key} is loaded ${settings.locks ? 'without its lock' : 'out of turn'}`);
    if (phase === 'pausing') {
      if (batch.abort.hadBefore(turn)) this.#violate(`${lane.key} starts over after its signal has aborted`);
      batch.startsOver();
    } else if (!this.#isWanted(batch)) this.#violate(`${lane.key} is loaded though no run waits`);
    batch.phase = 'loading';
    return batch;
  }

  /** In a call for many keys it stays when its runs are cancelled in the turn in which it has got its place there. */
  #isWanted({ lane }: Batch): boolean {
    const { settings, turn } = this.#state;
    const justCancelled = ({ cancelledIn }: Run) => cancelledIn === turn;
    return (
      lane.hasLiveOfHead || (settings.shares.load && [...lane.waiting, ...lane.dropped].some(justCancelled))
    );
  }

  saveCalled(saves: readonly { given: Given; resource: unknown }[], call?: CallGiven): Call {
    const hasWaited = saves.map(({ given }) => this.#state.lane(given.key as never).ask !== undefined);
    const batches = saves.map(({ given, resource }) => this.#toSave(given, resource));
    const made = this.#make('save', batches, call);
    for (const [place, batch] of batches.entries()) batch.saveBegins(hasWaited[place] as boolean);
    return made;
  }

  #toSave(given: Given, resource: unknown): Batch {
    const batch = this.#known(given, 'save');
    const { lane } = batch;
    const { key } = lane;
    if (batch !== lane.head || batch.phase !== 'loaded') this.#violate(`${key} is saved out of turn`);
    batch.heard();
    if (batch.closed === 'no') this.#violate(`${key} is saved while its window is open`);
    if (!batch.isChanged) this.#violate(`${key} is saved though no operation succeeded`);
    if (resource !== batch.resource) this.#violate(`${key} is saved with another resource`);
    if (!lane.divide()) this.#violate(`${key} is saved before an operation of the batch ran`);
    if (batch.attempts.again.length > 0) this.#violate(`${key} is saved before its operations ran again`);
    return batch;
  }

  /** A call's promise settles now. */
  lockSettled(call: Call, result: Result, isAtOnce: boolean): void {
    const [batch] = call.batches as [Batch];
    call.settled = this.#state.clock.now;
    if (!isAtOnce) batch.moment = undefined;
    if ('cause' in result) return batch.fails('lock', result.cause);
    batch.phase = 'locked';
    if (typeof result.value === 'function') batch.release = 'due';
  }

  loadSettled(call: Call, results: readonly Result[]): void {
    this.#settled(call);
    for (const [place, batch] of call.batches.entries()) {
      const result = results[place] as Result;
      if ('cause' in result) {
        batch.fails('load', result.cause);
        continue;
      }
      batch.resource = result.value as Resource;
      // What is loaded by one call and stays open no longer is saved by one call.
      if (this.#state.settings.minDuration === 0 || batch.attempts.count > 1) batch.moment = call;
      batch.loadEnded();
    }
  }

  saveSettled(call: Call, results: readonly Result[]): void {
    this.#settled(call);
    for (const [place, batch] of call.batches.entries()) {
      const result = results[place] as Result;
      if (!('cause' in result)) batch.phase = 'over';
      else if (result.isConflict) batch.conflicts(result.cause, this.#state.turn);
      else batch.fails('save', result.cause);
    }
  }

  /** The signal of a call for many keys aborts. */
  aborts({ phase, batches, settled }: Call): void {
    const [early] = batches.filter(({ given }) => settled === undefined && !given.signal.aborted);
    if (early) this.#violate(`the signal of a ${phase} aborts before that of ${early.lane.key}`);
  }

  operationRuns(run: Run, resource: Resource): void {
    const { lane } = run;
    const batch = lane.head;
    if (run.refusal || run.isCancelled)
      this.#violate(`the operation of run ${run.id} runs, though it was cancelled`);
    if (run.batch && (run.batch !== batch || batch.attempts.again.shift() !== run))
      return this.#violate(`the operation of run ${run.id} runs again`);
    if (batch?.phase !== 'loaded') return this.#violate(`the operation of run ${run.id} runs out of turn`);
    batch.heard();
    // If those before it have failed with the batch before, this one began with a later run than it seemed.
    if (!run.batch && batch.executed.length === 0 && lane.leaveFailed(run)) this.#batches.leadAnew(lane);
    const mistake = run.batch ? undefined : lane.take(run);
    if (mistake) this.#violate(`the operation of run ${run.id} runs, but ${mistake}`);
    if (resource !== batch.resource) this.#violate(`the operation of run ${run.id} gets another resource`);
    run.batch = batch;
    batch.executed.push(run);
  }

  #known(given: Given, what: string): Batch {
    const batch = this.#batches.byGiven.get(given);
    if (batch && batch.lane.key === given.key) return batch;
    this.#violate(`${what} of ${given.key} gets an object that is not its batch's`);
    throw new Error('Nothing is known of this batch');
  }

  #make(phase: BatchPhase, batches: Batch[], given?: CallGiven): Call {
    const { clock, turn, turnStart, observers, observedIn, gaps, places } = this.#state;
    // A call for many keys is perhaps decided on earlier in the turn.
    const isObserved = observers > 0 && !(given && observedIn === turn);
    const call: Call = {
      phase,
      batches,
      given,
      made: clock.now,
      turnStart,
      settled: undefined,
      gaps: isObserved ? gaps : undefined,
      hasPlace: false,
    };
    if (phase !== 'lock') places.take(call);
    for (const batch of batches) {
      batch.calls.push(call);
      batch.order = undefined;
      // A lock is called at once, and what follows at the same moment if it succeeds at once.
      if (phase !== 'lock') batch.moment = undefined;
      if (phase === 'save') batch.phase = 'saving';
    }
    if (given) this.shared.push(call);
    return call;
  }

  #settled(call: Call): void {
    call.settled = this.#state.clock.now;
    this.#state.places.leave(call);
  }

  #violate(violation: string): void {
    this.#state.violate(violation);
  }
}
