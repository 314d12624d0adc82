import type { Batch, Truth } from './batch.js';
import type { Lane } from './lane.js';
import type { Action } from './scenario.js';

/** A call of run, update or read. */
export interface Run {
  readonly id: number;
  readonly lane: Lane;
  readonly spec: Action & { type: 'run' };
  /** Why it was not accepted. */
  readonly refusal: 'stopped' | 'cancelled' | 'either' | undefined;
  readonly acceptedAt: number;
  /** What is called at the same moment is called in one go: no microtask runs between. */
  readonly moment: object;
  /** Nothing of its key was accepted and unsettled, and no batch of it under way, when it came. */
  readonly isFresh: boolean;
  /** Whether its batch is another one than that of the run accepted before it. */
  splits: Truth;
  /** The batch that began with it, if it certainly belongs to none before. */
  begins: Batch | undefined;
  /** The batches that have failed in this turn, and with one of which it has perhaps failed. */
  mayBeOf: Batch[];
  /** Its batch has `maxOperations` runs with it. */
  fills: Truth;
  isFlushed: boolean;
  isCancelled: boolean;
  /** The turn in which it was cancelled. */
  cancelledIn: number | undefined;
  /** It was cancelled before the batch under way began. */
  isGone: boolean;
  /** When it was cancelled its batch had perhaps failed already. */
  mayHaveFailed: boolean;
  /** The batch in which its operation ran, or with which it failed. */
  batch: Batch | undefined;
  /** What it gets if its batch succeeds. */
  outcome: Outcome | undefined;
  isHeard: boolean;
}

export type Outcome =
  /** If it is revoked, the caller perhaps hears the platform's TypeError. */
  | { type: 'value'; value: unknown; isRevoked?: boolean }
  | { type: 'error'; error: unknown }
  /** The operation returned a thenable. */
  | { type: 'mistake' };

/** The errors of the package, as everybody sees them. */
export interface Failure {
  name: string;
  code: string;
  key: string;
  phase: string;
  operationCount: number;
  cause: unknown;
  message: string;
}
