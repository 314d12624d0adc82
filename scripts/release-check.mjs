// What a maintainer runs before `npm publish`: is it committed and in the changelog, does it build to the same bytes in any folder, do all
// tests pass, and what is in the package?

import { mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt } from './build.mjs';
import { pack } from './package/pack.mjs';
import { guarded } from './setup/failure.mjs';
import { step } from './setup/progress.mjs';
import { root } from './setup/root.mjs';
import { run, runInPlace } from './setup/run.mjs';

const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
const problems = [];

await ensureBuilt();
const folder = await realpath(await mkdtemp(join(tmpdir(), 'release-check-')));
await guarded(async () => {
  try {
    await checkRepository();
    await checkReproducible();
    await checkTests();
    await runInPlace('npm', ['pack', '--dry-run']);
  } finally {
    await rm(folder, { recursive: true });
  }
});

for (const problem of problems) console.error(`✗ ${problem}`);
console.log(problems.length === 0 ? `✓ ${version} is ready: npm publish` : `${version} is not ready`);
process.exitCode = problems.length === 0 ? 0 : 1;

async function checkRepository() {
  const changes = await run('git', ['status', '--porcelain'], { cwd: root });
  if (changes) problems.push(`There is what is not committed:\n${changes.trimEnd().replace(/^/gm, '    ')}`);

  const changelog = await readFile(join(root, 'CHANGELOG.md'), 'utf8').catch(() => '');
  const heading = new RegExp(`^## \\[?${version.replaceAll('.', '\\.')}\\b`, 'm');
  if (!heading.test(changelog)) problems.push(`CHANGELOG.md has no heading '## ${version}'`);
}

/** Clones in folders of different depth, built from nothing, give the same tarball as this one. */
async function checkReproducible() {
  const here = await readFile(await pack(root, join(folder, 'packed')));
  for (const name of ['one', join('another', 'one')]) {
    const clone = join(folder, name, 'groupcommit');
    await step(`build in ${clone}`, 'the same sources give the same bytes', async (report) => {
      await run('git', ['clone', '--quiet', root, clone]);
      await run(process.execPath, ['scripts/build.mjs'], { cwd: clone, report });
    });
    if (here.equals(await readFile(await pack(clone, join(folder, name, 'packed'))))) continue;
    const compared = run('diff', ['-rq', join(root, 'dist'), join(clone, 'dist')]);
    const differences = await compared.catch(({ message }) => message);
    problems.push(`The build is not reproducible:\n${differences.replace(/^/gm, '    ')}`);
  }
}

async function checkTests() {
  for (const script of ['test', 'test:setup']) {
    const { exitCode, stopped } = await runInPlace('npm', ['run', script]);
    if (stopped) process.exit(exitCode);
    if (exitCode !== 0) problems.push(`npm run ${script}: exit code ${exitCode}`);
  }
}
