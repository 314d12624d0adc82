import fc from 'fast-check';
import { range } from './choices.js';
import { describe } from './describe.js';
import { scenarioOf, worldSize } from './numbers.js';
import { play } from './play.js';
import type { Start } from './reality.js';
import type { Scenario } from './scenario.js';

/** A scenario that goes against the contract, as short as it could be made. */
export interface Found {
  violation: string;
  numbers: [world: number[], steps: number[]];
  seed: number;
  path: string;
}

const number = fc.nat({ max: range - 1 });

/** The numbers of a scenario: fast-check makes and shrinks them. */
export const numbers = fc.noBias(
  fc.tuple(
    fc.array(number, { minLength: worldSize, maxLength: worldSize }),
    fc.array(number, { minLength: 1, maxLength: 45, size: 'max' }),
  ),
);

/** Plays random scenarios on the package. `played` is called after each. */
export async function hunt(
  start: Start,
  { seed, runs, path = '' }: { seed: number; runs: number; path?: string | undefined },
  played: (scenario: Scenario) => void = () => {},
): Promise<Found | undefined> {
  const property = fc.asyncProperty(numbers, async ([world, steps]) => {
    const scenario = scenarioOf(world, steps);
    const violation = await play(scenario, start);
    played(scenario);
    if (violation) throw new Error(violation);
  });
  const result = await fc.check(property, { seed, numRuns: runs, path });
  if (!result.failed) return undefined;
  const { message } = result.errorInstance as Error;
  return {
    violation: message,
    numbers: result.counterexample?.[0] as Found['numbers'],
    seed: result.seed,
    path: result.counterexamplePath as string,
  };
}

/** What a developer needs to know of it. */
export function report({ violation, numbers, seed, path }: Found): string {
  return `${violation}

${describe(scenarioOf(...numbers))}

For tests/model/found.ts: ${JSON.stringify(numbers)}
Play it again: npm run fuzz -- --seed ${seed} --path ${path}`;
}
