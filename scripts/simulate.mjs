// `npm run simulate -- --seeds N --from S` simulates the engine in so many worlds; one seed replays a history.
// `npm run simulate -- --exhaustive` goes through every order of small worlds. `npm run simulate -- --mutants` shows that a broken engine
// is found: see docs/testing.md.

import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100000' },
    from: { type: 'string', default: '1' },
    exhaustive: { type: 'boolean', default: false },
    mutants: { type: 'boolean', default: false },
  },
});

const root = dirname(dirname(fileURLToPath(import.meta.url)));

if (values.mutants) await import('../tests/engine/mutants.mjs');
else if (values.exhaustive) test('exhaustive', { RUNS: '4' });
else test('simulation', { SEEDS: values.seeds, FROM: values.from });

function test(name, env) {
  const args = ['test', '--profile', 'simulation', '--locked', '--test', 'engine', '--', '--nocapture', name];
  const { status } = spawnSync('cargo', args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  process.exitCode = status ?? 1;
}
