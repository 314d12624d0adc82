// Breaks the engine and the face in every small way, one at a time, and tells which of these mutants no test finds: see docs/testing.md.

import { readFile, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { ensureBuilt } from './build.mjs';
import { cargoMutants } from './setup/cargo-tools.mjs';
import { guarded } from './setup/failure.mjs';
import { root } from './setup/root.mjs';
import { run, runInPlace } from './setup/run.mjs';
import { hostOf } from './setup/rust.mjs';
import { ensure } from './setup.mjs';

const usage = `npm run mutants -- [engine | face] [FILES]
  engine  only those of src/engine, by cargo-mutants
  face    only those of js/core, by Stryker
  FILES   only those of these files, as in: npm run mutants -- face js/core/tally.ts`;

const output = join(root, 'target', 'mutation');
const [part, ...files] = process.argv.slice(2);
const parts = { engine, face };
if (part !== undefined && !(part in parts)) {
  console.error(usage);
  process.exit(2);
}
for (const [name, test] of Object.entries(parts)) {
  if ((part ?? name) === name && !(await test())) process.exitCode = 1;
}

/** By the sentences of tests/engine and 1,000 seeds of the simulation, the same each time. */
async function engine() {
  const [{ path }] = await guarded(() => ensure([cargoMutants]));
  const env = {
    PATH: [...path, process.env.PATH].join(delimiter),
    CARGO_BUILD_TARGET: await hostOf(),
    CARGO_PROFILE_TEST_DEBUG: '0',
    SEEDS: '1000',
    FROM: '1',
  };
  const chosen = files.flatMap((file) => ['--file', file]);
  await runInPlace('cargo', ['mutants', '--jobs', '2', '--output', output, ...chosen], env);

  const outcomes = JSON.parse(await readFile(join(output, 'mutants.out', 'outcomes.json'), 'utf8'));
  const { caught, timeout, missed } = outcomes;
  const found = caught + timeout;
  const score = (100 * found) / (found + missed);
  console.log(`engine: ${found} of ${found + missed} mutants found, ${score.toFixed(1)} %`);
  return score >= 95;
}

/** Stryker lies beside its configuration, so that who does not want it need not install its 167 packages. */
async function face() {
  await ensureBuilt();
  const folder = join(root, 'tests', 'mutation', 'face');
  await guarded(() => run('npm', ['ci', '--prefer-offline', '--no-audit', '--no-fund'], { cwd: folder }));
  const stryker = (name, ...options) =>
    runInPlace(join(folder, 'node_modules', '.bin', 'stryker'), [
      'run',
      join(folder, `${name}.config.mjs`),
      ...options,
    ]);
  for (const name of ['model', 'contract']) await rm(join(output, `${name}.json`), { force: true });

  await stryker('model', ...(files.length > 0 ? ['--mutate', files.join(',')] : []));
  const { isMissed, mutantsOf, report } = await import('../tests/mutation/face/report.mjs');
  if (mutantsOf('model').some(isMissed)) await stryker('contract');
  return report() >= 90;
}
