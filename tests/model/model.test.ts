import { startProcessor } from 'groupcommit';
import { describe, expect, test } from 'vitest';
import { found } from './found.js';
import { foundMany } from './found-many.js';
import { hunt, report } from './hunt.js';
import { mutants } from './mutants/index.js';
import { scenarioOf } from './numbers.js';
import { play } from './play.js';

const seed = Math.floor(Math.random() * 2 ** 31);
/** How long new scenarios are tried. */
const time = 20_000;

describe('Whatever callers and callbacks do, the package does what the model of the contract allows', () => {
  test.each([...found, ...foundMany])('Found once: $violation', async ({ numbers }) => {
    expect(await play(scenarioOf(...numbers), startProcessor)).toBe(undefined);
  });

  test(`Random scenarios from the seed ${seed} on`, { timeout: 10 * time }, async () => {
    const end = performance.now() + time;
    let count = 0;
    for (let share = 0; performance.now() < end; share++) {
      const found = await hunt(startProcessor, { seed: seed + share, runs: 500 });
      if (found) throw new Error(report(found));
      count += 500;
    }
    console.log(`${count} random scenarios from the seed ${seed} on`);
  });
});

describe('A processor that breaks a promise is found out', () => {
  test.each(mutants.filter(({ wrap }) => wrap))('$name', { timeout: 300_000 }, async ({ wrap }) => {
    const start = wrap?.(startProcessor) as typeof startProcessor;
    expect(await hunt(start, { seed, runs: 10_000 })).not.toBe(undefined);
  });
});
