import type { Mailbox } from './mailbox.js';
import type { Metrics } from './metrics.js';
import type { Settings } from './settings.js';
import type { Tally } from './tally.js';

/** What the batches of a processor share. */
export interface Shared {
  readonly settings: Settings;
  readonly mailbox: Mailbox;
  readonly metrics: Metrics;
  /** The number of runs accepted and not settled yet. */
  pending: number;
  /** Windows close when the load has ended. */
  flushesAtOnce: boolean;
  /** Counts the batches that have been opened since the last flush of all. */
  generation: Tally;
}
