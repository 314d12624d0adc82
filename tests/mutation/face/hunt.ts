/** Scenarios for a package, the same each time: those in which one was found out before, and some random ones. */

import fc from 'fast-check';
import { found } from '../../model/found.js';
import { foundMany } from '../../model/found-many.js';
import { numbers } from '../../model/hunt.js';
import { scenarioOf } from '../../model/numbers.js';
import { play } from '../../model/play.js';
import type { Start } from '../../model/reality.js';

// A million errors without a stack cost half of the time.
Error.stackTraceLimit = 0;

type Numbers = [world: number[], steps: number[]];

const random: Numbers[] = fc.sample(numbers, { seed: 1, numRuns: 300 });
const known = [...found, ...foundMany].map(({ numbers }) => numbers);

function playAll(scenarios: Numbers[]) {
  /** Returns what one of them has against the contract. */
  return async (start: Start): Promise<string | undefined> => {
    for (const [world, steps] of scenarios) {
      const violation = await play(scenarioOf(world, steps), start);
      if (violation) return violation;
    }
    return undefined;
  };
}

export const tests = new Map([
  ...Array.from(
    { length: 6 },
    (_, share) => [`random ${share}`, playAll(random.slice(50 * share, 50 * share + 50))] as const,
  ),
  ['known', playAll(known)],
]);
