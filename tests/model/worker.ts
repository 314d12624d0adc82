/** A child process of `npm run fuzz`: plays scenarios until it finds one that goes against the contract, or is told to end. */

import { startProcessor } from 'groupcommit';
import { hunt, report } from './hunt.js';
import { mutants } from './mutants/index.js';

/** What the parent process asks for. */
interface Order {
  /** Of the first share; each share has a seed of its own. */
  seed: number;
  step: number;
  runs: number;
  path: string | undefined;
  mutant: string | undefined;
}

// A million errors without a stack cost half of the time.
Error.stackTraceLimit = 0;
const share = 2_000;

process.once('message', async ({ seed, step, runs, path, mutant }: Order) => {
  const wrap = mutants.find(({ name }) => name === mutant)?.wrap;
  const start = wrap ? wrap(startProcessor) : startProcessor;
  let steps = 0;
  for (let count = 0; count < runs; count += share) {
    let played = 0;
    const found = await hunt(start, { seed, runs: Math.min(share, runs - count), path }, (scenario) => {
      played++;
      steps += scenario.steps.length;
      if (played % 100 === 0) process.send?.({ type: 'played', count: 100, seed, steps: steps });
      if (played % 100 === 0) steps = 0;
    });
    if (found) {
      process.send?.({
        type: 'found',
        ...found,
        text: report(found),
        after: count + Number(found.path.split(':')[0]) + 1,
      });
      return process.disconnect();
    }
    seed = (seed + step) % 2 ** 31;
  }
  process.send?.({ type: 'done' });
  process.disconnect();
});
