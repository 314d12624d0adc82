import type { BatchPhase } from 'groupcommit';
import type { Batch } from './batch.js';

/** What a call for several batches gets besides them. */
export interface CallGiven {
  readonly signal: AbortSignal;
}

/** One call of lockResource, loadResource, saveResources and so on: for one batch, or for several. */
export interface Call {
  readonly phase: BatchPhase;
  readonly batches: readonly Batch[];
  /** If it is of the form for many keys. */
  readonly given: CallGiven | undefined;
  /** When it was made, and when its promise settled. When that was heard is later by less than a turn. */
  readonly made: number;
  /** When the turn began in which it was made. */
  readonly turnStart: number;
  settled: number | undefined;
  /** How often nobody had subscribed any more when it was made; undefined if nobody had. */
  readonly gaps: number | undefined;
  /** It takes one of the places. */
  hasPlace: boolean;
}
