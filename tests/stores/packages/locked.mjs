import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cached, cachePath } from '../../../scripts/setup/cache.mjs';
import { step } from '../../../scripts/setup/progress.mjs';
import { run } from '../../../scripts/setup/run.mjs';

const files = ['package.json', 'package-lock.json'];

/**
 * A folder of the cache in which is installed what a lock file says, for this Node: so only who runs these tests has it.
 * @param {string} folder that has the lock file
 * @param {string} name
 * @param {string} why
 */
export async function locked(folder, name, why) {
  const hash = createHash('sha256').update(process.version);
  for (const file of files) hash.update(await readFile(join(folder, file)));
  const place = `${name}-${hash.digest('hex').slice(0, 16)}`;
  // Whoever finds it finds it whole. Processes that race need not wait for each other.
  if (existsSync(cachePath(place))) return cachePath(place);
  return step(`packages of ${name}`, why, (report) => {
    const fill = async (/** @type {string} */ growing) => {
      for (const file of files) await cp(join(folder, file), join(growing, file));
      await run('npm', ['ci', '--prefer-offline', '--no-audit', '--no-fund'], { cwd: growing, report });
    };
    return cached(place, { works: async (whole) => existsSync(whole), fill }, report);
  });
}
