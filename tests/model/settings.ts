import type { BatchPhase } from 'groupcommit';
import type { World } from './scenario.js';

/** The options of a world with their defaults filled in. */
export interface Settings {
  minDuration: number;
  maxDuration: number;
  maxOperations: number;
  concurrency: number;
  maxKeys: number;
  retries: number;
  locks: boolean;
  /** Which calls are for many keys. */
  shares: Record<BatchPhase, boolean>;
}

const none = Number.POSITIVE_INFINITY;

export function settingsOf({ minDuration = 100, sharesLoads, sharesSaves, ...world }: World): Settings {
  return {
    minDuration,
    maxDuration: world.maxDuration ?? (minDuration === 0 ? none : 2 * minDuration),
    maxOperations: world.maxOperations ?? none,
    concurrency: world.concurrency ?? none,
    maxKeys: world.maxKeys ?? none,
    retries: world.retries ?? 0,
    locks: world.locks !== undefined,
    shares: { lock: false, load: sharesLoads, save: sharesSaves },
  };
}
