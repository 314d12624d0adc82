import { inspect } from 'node:util';
import type { BatchError } from 'groupcommit';
import type { Batch } from './batch.js';
import type { Batches } from './batches.js';
import { isFailure } from './failure.js';
import type { Failure, Outcome, Run } from './run.js';
import type { State } from './state.js';

/** What runs may come to: told what each caller has just heard. */
export class Outcomes {
  readonly #state: State;
  readonly #batches: Batches;
  readonly #errors = new Set<unknown>();

  constructor(state: State, batches: Batches) {
    this.#state = state;
    this.#batches = batches;
  }

  settled(run: Run, outcome: Outcome): void {
    if (run.isHeard) return this.#violate(`run ${run.id} settles again`);
    run.isHeard = true;
    if (run.refusal) return this.#refused(run, outcome);
    const { lane } = run;
    const error = outcome.type === 'error' ? (outcome.error as BatchError) : undefined;
    const isCancellation = run.isCancelled && error?.code === ('ERR_OPERATION_CANCELLED' as string);
    if (run.isCancelled && (isCancellation || !run.mayHaveFailed)) this.#cancelled(run, outcome);
    else {
      this.#inBatch(run, outcome, error);
      const first = lane.unheard.find((other) => !other.isCancelled);
      if (first && first !== run && !run.isCancelled)
        this.#violate(`run ${run.id} settles before run ${first.id}`);
    }
    lane.unheard.splice(lane.unheard.indexOf(run), 1);
  }

  #refused({ id, refusal, lane, spec }: Run, outcome: Outcome): void {
    const { code, key, cause } = (outcome.type === 'error' ? outcome.error : {}) as Partial<Failure>;
    const isStopped = code === 'ERR_PROCESSOR_STOPPED' && key === lane.key;
    const isCancelled =
      code === 'ERR_OPERATION_CANCELLED' &&
      key === lane.key &&
      cause === this.#state.abortedSignals.get(spec.signal as number);
    if ((isStopped && refusal !== 'cancelled') || (isCancelled && refusal !== 'stopped')) return;
    this.#violate(`run ${id} settles with ${text(outcome)} and not as ${refusal}`);
  }

  #cancelled({ id, lane, spec }: Run, outcome: Outcome): void {
    const { name, code, key, cause } = (outcome.type === 'error' ? outcome.error : {}) as Partial<Failure>;
    const isRight =
      name === 'OperationCancelledError' &&
      code === 'ERR_OPERATION_CANCELLED' &&
      key === lane.key &&
      cause === this.#state.abortedSignals.get(spec.signal as number);
    if (!isRight) this.#violate(`run ${id} was cancelled, and settles with ${text(outcome)}`);
  }

  #inBatch(run: Run, outcome: Outcome, error: BatchError | undefined): void {
    const { id, lane } = run;
    if (run.batch) run.batch = run.mayBeOf.find((batch) => isFailure(error, batch)) ?? run.batch;
    if (!run.batch) {
      const batch = error && this.#batches.failed(lane, error);
      if (!batch) return this.#violate(`run ${id} settles with ${text(outcome)} before its operation ran`);
      const mistake = this.#batches.failedWith(batch, run);
      if (mistake) this.#violate(`run ${id} fails with a batch, but ${mistake}`);
    }
    const batch = run.batch as Batch;
    this.#batches.ended(batch, `run ${id} settles`);
    if (batch.release === 'due') this.#violate(`run ${id} settles before the lock is released`);
    if (!isExpected(run, batch, outcome, error)) this.#violate(`run ${id} settles with ${text(outcome)}`);
    if (error && this.#isSeen(error, batch)) this.#violate(`run ${id} gets the error of another caller`);
  }

  #isSeen(error: BatchError, batch: Batch): boolean {
    if (!batch.failure) return false;
    const isSeen = this.#errors.has(error);
    this.#errors.add(error);
    return isSeen;
  }

  #violate(violation: string): void {
    this.#state.violate(violation);
  }
}

function isExpected(run: Run, batch: Batch, outcome: Outcome, error: BatchError | undefined): boolean {
  if (batch.failure) return isFailure(error, batch);
  const expected = run.outcome as Outcome;
  if (expected.type === 'mistake') return outcome.type === 'error' && outcome.error instanceof TypeError;
  if (expected.type === 'error') return outcome.type === 'error' && outcome.error === expected.error;
  if (expected.isRevoked && outcome.type === 'error') return outcome.error instanceof TypeError;
  return outcome.type === 'value' && outcome.value === expected.value;
}

function text(outcome: Outcome): string {
  if (outcome.type === 'error') return String(outcome.error);
  return outcome.type === 'value' ? `the value ${inspect(outcome.value)}` : outcome.type;
}
