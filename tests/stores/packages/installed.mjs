import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cached, cachePath } from '../../../scripts/setup/cache.mjs';
import { step } from '../../../scripts/setup/progress.mjs';
import { run } from '../../../scripts/setup/run.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const files = ['package.json', 'package-lock.json'];

/**
 * The folder in which is installed what the lock file beside this one says: a Node that has node:sqlite, and better-sqlite3, which
 * compiles for minutes. So they are in the cache, and only who runs these tests has them.
 */
export async function installed() {
  const hash = createHash('sha256').update(process.version);
  for (const file of files) hash.update(await readFile(join(here, file)));
  const name = `stores-${hash.digest('hex').slice(0, 16)}`;
  // Whoever finds it finds it whole. Processes that race need not wait for each other.
  if (existsSync(cachePath(name))) return cachePath(name);
  return step('packages of the stores', 'better-sqlite3 and another Node', (report) =>
    cached(
      name,
      { works: async (folder) => existsSync(folder), fill: (folder) => install(folder, report) },
      report,
    ),
  );
}

async function install(folder, report) {
  for (const file of files) await cp(join(here, file), join(folder, file));
  await run('npm', ['ci', '--prefer-offline', '--no-audit', '--no-fund'], { cwd: folder, report });
}

/** A Node that has node:sqlite: this one, if it has. */
export async function nodeWithSQLite() {
  if (process.getBuiltinModule?.('node:sqlite')) return process.execPath;
  return join(await installed(), 'node_modules', 'node-24', 'bin', 'node');
}
