// Simulates the engine in random worlds, natively.

import { optionsOf } from './options.mjs';
import { runInPlace } from './setup/run.mjs';

const usage = `npm run simulate -- [options]
  --seeds N      in so many worlds, 100000 if nothing else is said
  --from S       from this seed on; one seed replays a history
  --exhaustive   goes through every order of small worlds instead
  --mutants      shows that a broken engine is found: see docs/testing.md`;

const { seeds, from, exhaustive, mutants } = optionsOf(
  {
    seeds: { type: 'string', default: '100000' },
    from: { type: 'string', default: '1' },
    exhaustive: { type: 'boolean' },
    mutants: { type: 'boolean' },
  },
  usage,
);

if (mutants) await import('../tests/engine/mutants.mjs');
else if (exhaustive) await test('exhaustive', { RUNS: '4' });
else await test('simulation', { SEEDS: seeds, FROM: from });

async function test(name, env) {
  const args = ['test', '--profile', 'simulation', '--locked', '--test', 'engine', '--', '--nocapture', name];
  ({ exitCode: process.exitCode } = await runInPlace('cargo', args, env));
}
