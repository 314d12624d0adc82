import type { BatchPhase } from 'groupcommit';
import type { Batch, Given, Resource } from './batch.js';
import type { Batches } from './batches.js';
import type { Run } from './run.js';
import type { Key } from './scenario.js';
import type { State } from './state.js';

/** What the processor may call, and when: each method is told what it has just called, or what has come of it. */
export class Calls {
  readonly #state: State;
  readonly #batches: Batches;

  constructor(state: State, batches: Batches) {
    this.#state = state;
    this.#batches = batches;
  }

  lockCalled(key: Key, given: Given): Batch {
    const batch = this.#batches.begin(this.#state.lane(key), given, 'lock');
    batch.phase = 'locking';
    this.#call(batch, 'lock');
    return batch;
  }

  loadCalled(key: Key, given: Given): Batch {
    const lane = this.#state.lane(key);
    if (!this.#state.settings.locks) {
      const batch = this.#batches.begin(lane, given, 'load');
      batch.hasPlace = this.#state.takesPlace(lane, `${key} is loaded`, lane.waiting[0]);
      batch.phase = 'loading';
      this.#call(batch, 'load');
      return batch;
    }
    const batch = this.#known(key, given, 'load');
    if (batch !== lane.head || batch.phase !== 'locked') this.#violate(`${key} is loaded without its lock`);
    if (!lane.hasLiveOfHead) this.#violate(`${key} is loaded though no run waits`);
    batch.hasPlace = this.#state.takesPlace(lane, `${key} is loaded`);
    batch.phase = 'loading';
    this.#call(batch, 'load');
    return batch;
  }

  saveCalled(key: Key, resource: Resource, given: Given): Batch {
    const batch = this.#known(key, given, 'save');
    const { lane } = batch;
    if (batch !== lane.head || batch.phase !== 'loaded') this.#violate(`${key} is saved out of turn`);
    batch.heard();
    if (batch.closed === 'no') this.#violate(`${key} is saved while its window is open`);
    if (!batch.isChanged) this.#violate(`${key} is saved though no operation succeeded`);
    if (resource !== batch.resource) this.#violate(`${key} is saved with another resource`);
    if (!lane.divide()) this.#violate(`${key} is saved before an operation of the batch ran`);
    const hasWaited = lane.ask !== undefined;
    batch.hasPlace = this.#state.takesPlace(lane, `${key} is saved`);
    batch.saveBegins(hasWaited);
    this.#call(batch, 'save');
    return batch;
  }

  /** A call's promise settles now. */
  lockSettled(batch: Batch, failure: { cause: unknown } | undefined, hasRelease: boolean): void {
    this.#settled(batch, 'lock');
    batch.phase = failure ? 'over' : 'locked';
    if (failure) batch.failure = { phase: 'lock', cause: failure.cause };
    if (hasRelease) batch.release = 'due';
  }

  loadSettled(batch: Batch, failure: { cause: unknown } | undefined, resource: Resource): void {
    this.#settled(batch, 'load');
    this.#state.inFlight--;
    if (batch.hasPlace) this.#state.placesTaken--;
    if (failure) {
      batch.phase = 'over';
      batch.failure = { phase: 'load', cause: failure.cause };
    } else {
      batch.resource = resource;
      batch.loadEnded();
    }
  }

  saveSettled(batch: Batch, failure: { cause: unknown } | undefined): void {
    this.#settled(batch, 'save');
    this.#state.inFlight--;
    if (batch.hasPlace) this.#state.placesTaken--;
    batch.phase = 'over';
    if (failure) batch.failure = { phase: 'save', cause: failure.cause };
  }

  operationRuns(run: Run, resource: Resource): void {
    const { lane } = run;
    const batch = lane.head;
    if (run.refusal || run.isCancelled)
      this.#violate(`the operation of run ${run.id} runs, though it was cancelled`);
    if (run.batch) return this.#violate(`the operation of run ${run.id} runs again`);
    if (batch?.phase !== 'loaded') return this.#violate(`the operation of run ${run.id} runs out of turn`);
    batch.heard();
    // If those before it have failed with the batch before, this one began with a later run than it seemed.
    if (batch.executed.length === 0 && lane.leaveFailed(run)) this.#batches.leadAnew(lane);
    const mistake = lane.take(run);
    if (mistake) this.#violate(`the operation of run ${run.id} runs, but ${mistake}`);
    if (resource !== batch.resource) this.#violate(`the operation of run ${run.id} gets another resource`);
    run.batch = batch;
    batch.executed.push(run);
  }

  #known(key: Key, given: Given, what: string): Batch {
    const batch = this.#batches.byGiven.get(given);
    if (batch && batch.lane.key === key) return batch;
    this.#violate(`${what} of ${key} gets an object that is not its batch's`);
    throw new Error('Nothing is known of this batch');
  }

  #call(batch: Batch, phase: BatchPhase): void {
    batch.calls[phase] = {
      made: this.#state.clock.now,
      settled: undefined,
      gaps: this.#state.observers > 0 ? this.#state.gaps : undefined,
    };
  }

  #settled(batch: Batch, phase: BatchPhase): void {
    (batch.calls[phase] as { settled: number | undefined }).settled = this.#state.clock.now;
  }

  #violate(violation: string): void {
    this.#state.violate(violation);
  }
}
