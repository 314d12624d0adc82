import type { BatchError } from 'groupcommit';
import type { Batch } from './batch.js';

/** Whether an error tells how the batch failed. */
export function isFailure(error: unknown, { failure, lane, operationCount: count }: Batch): boolean {
  if (!failure || !(error instanceof Error)) return false;
  const { name, code, key, phase, operationCount, cause } = error as BatchError;
  return (
    name === 'BatchError' &&
    code === `ERR_${failure.phase.toUpperCase()}_FAILED` &&
    key === lane.key &&
    phase === failure.phase &&
    operationCount === count &&
    isCause(failure.cause, cause)
  );
}

/** A callback that resolves to what it should not has failed with an error of the processor's. */
export const mistake = Symbol('TypeError');

export function isCause(expected: unknown, cause: unknown): boolean {
  return expected === mistake ? cause instanceof TypeError : cause === expected;
}
