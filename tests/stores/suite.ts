import { describe } from 'vitest';
import type { Harness } from './harness.js';
import { calls } from './suite/calls.js';
import { conflicts } from './suite/conflicts.js';
import { core } from './suite/core.js';
import { keys } from './suite/keys.js';
import { lostConnections } from './suite/lost-connections.js';
import { processes } from './suite/processes.js';
import { values } from './suite/values.js';

/** What every store has to pass. */
export function suite(harness: Harness): void {
  describe(harness.name, () => {
    for (const part of [core, values, keys, calls, conflicts, lostConnections, processes]) part(harness);
  });
}

/** What remains for one that keeps each record locked from load to save: there are no calls for many, and no conflicts. */
export function suiteOfLocks(harness: Harness): void {
  describe(harness.name, () => {
    for (const part of [core, values, keys, lostConnections, processes]) part(harness);
  });
}
