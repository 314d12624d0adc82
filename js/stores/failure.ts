import { isError } from '../core/thenables.js';

/** What the task returns; if it throws, the Error for its place among others, where only an Error tells of a failure. */
export function attempt<T>(task: () => T): T | Error {
  try {
    return task();
  } catch (thrown) {
    return asError(thrown);
  }
}

/** What was thrown, or the reason of a signal: it may be anything. */
export function asError(thrown: unknown): Error {
  return isError(thrown) ? (thrown as Error) : new Error('What was thrown is no Error', { cause: thrown });
}

/** The error for a save whose answer has been lost. */
export function unknownOutcome(what: string, cause: unknown): Error {
  const why = (cause as Error | null)?.message;
  return Object.assign(new Error(`It is not known whether ${what}: ${why}`, { cause }), {
    code: 'ERR_OUTCOME_UNKNOWN',
  });
}
