// Packs the package, installs it into a consumer project for each environment, and runs the same few lines in all of them.

import { createHash } from 'node:crypto';
import { readFile, rename } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Table from 'cli-table3';
import { optionsOf } from '../../scripts/options.mjs';
import { pack } from '../../scripts/package/pack.mjs';
import { cachePath, locked } from '../../scripts/setup/cache.mjs';
import { guarded } from '../../scripts/setup/failure.mjs';
import { step } from '../../scripts/setup/progress.mjs';
import { browsers } from './browsers.mjs';
import { Consumer } from './consumer.mjs';
import { environments, line } from './environments.mjs';

// Another build of the package than that of this tree, to run the same in it.
const root = process.env.GROUPCOMMIT_UNDER_TEST ?? fileURLToPath(new URL('../..', import.meta.url));
const reasonLines = 40;

const usage = 'npm run test:everywhere -- [--only WORD]…   only rows whose name has one of the words';

const { only } = optionsOf({ only: { type: 'string', multiple: true } }, usage);
const chosen = environments.filter(
  ({ name }) => !only || only.some((word) => name.toLowerCase().includes(word.toLowerCase())),
);

const results = await guarded(() =>
  step('everywhere', 'the package in every environment', (report) =>
    locked('everywhere', report, () => runAll(chosen, report)),
  ),
);
show(results);
process.exitCode = results.every(({ passed }) => passed) && results.length > 0 ? 0 : 1;

async function runAll(chosen, report) {
  const cache = cachePath('everywhere');
  const tarball = await packed(join(cache, 'packed'));
  const results = new Map();
  // Those of one project one after another: they share its folder.
  const projects = groupBy(chosen, ({ consumer }) => consumer);
  const runProject = async ([name, environments]) => {
    const preparing = Consumer.prepare(name, cache, tarball);
    for (const environment of environments) {
      results.set(environment, await resultOf(environment, preparing));
      report(`${results.size} of ${chosen.length} rows, ${environment.name}`);
    }
  };
  const lane = async () => {
    for (let project = projects.shift(); project; project = projects.shift()) await runProject(project);
  };
  try {
    await Promise.all(Array.from({ length: availableParallelism() }, lane));
  } finally {
    await Promise.all(browsers.map((browser) => browser.close()));
  }
  return chosen.map((environment) => results.get(environment));
}

/** npm takes a tarball of the same name for the same package, so the name has the bytes' hash. */
async function packed(folder) {
  const tarball = await pack(root, folder);
  const hash = createHash('sha256')
    .update(await readFile(tarball))
    .digest('hex')
    .slice(0, 16);
  const renamed = join(folder, `${hash}.tgz`);
  await rename(tarball, renamed);
  return renamed;
}

async function resultOf({ name, version, run, expected = line }, preparing) {
  const started = performance.now();
  const result = { name, version: '', passed: false, reason: '' };
  try {
    const consumer = await preparing;
    result.version = await version(consumer);
    const printed = [await run(consumer)].flat();
    result.passed = printed.includes(expected);
    if (!result.passed) result.reason = ['It printed', ...printed].join('\n');
  } catch (error) {
    result.reason = String(error?.message ?? error);
  }
  return { ...result, seconds: (performance.now() - started) / 1000 };
}

function show(results) {
  const table = new Table({ head: ['environment', 'version', '', 's'], style: { head: [], border: [] } });
  for (const { name, version, passed, seconds } of results) {
    table.push([
      name,
      version,
      passed ? 'passed' : 'FAILED',
      { content: seconds.toFixed(1), hAlign: 'right' },
    ]);
  }
  console.log(table.toString());
  const failed = results.filter(({ passed }) => !passed);
  for (const { name, version, reason } of failed) {
    console.log(
      `\nFAILED ${name} (${version})\n${reason.split('\n').slice(-reasonLines).join('\n').replace(/^/gm, '  ')}`,
    );
  }
  console.log(`\nthe line that all agree on: ${line}`);
  console.log(`${results.length - failed.length} passed, ${failed.length} failed`);
}

function groupBy(items, keyOf) {
  const keys = [...new Set(items.map(keyOf))];
  return keys.map((key) => [key, items.filter((item) => keyOf(item) === key)]);
}
