// The npm packages of package-lock.json, in node_modules. wasm-opt is one of them, in binaryen.

import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { locked } from './cache.mjs';
import { SetupError } from './failure.mjs';
import { step } from './progress.mjs';
import { root } from './root.mjs';
import { CommandError, run } from './run.mjs';

const folder = join(root, 'node_modules');
const record = join(folder, '.package-lock.json'); // npm writes it at the end of an installation
const found = { note: 'node_modules is as package-lock.json says', path: [join(folder, '.bin')] };
const ci = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund'];

/** @type {import('../setup.mjs').Need} */
export const dependencies = {
  name: 'npm packages',

  async find() {
    const [wanted, installed] = await Promise.all(
      [join(root, 'package-lock.json'), record].map(readPackages),
    );
    return wanted && installed && isInstalled(wanted, installed) ? found : undefined;
  },

  async bring() {
    const clone = createHash('sha256').update(root).digest('hex').slice(0, 16);
    try {
      await step('npm ci', 'node_modules is not as package-lock.json says', (report) =>
        locked(`npm-${clone}`, report, async () => {
          if (!(await this.find())) await install(report);
        }),
      );
    } catch (cause) {
      if (!(cause instanceof CommandError)) throw cause;
      throw new SetupError('the npm packages could not be installed', {
        cause,
        command: `npm ${ci.join(' ')}`,
      });
    }
    return found;
  },
};

/** npm begins by emptying node_modules. Stopped after that, it leaves it neither as it was nor as it should be. */
async function install(report) {
  await rm(record, { force: true });
  try {
    await run('npm', ci, { cwd: root, report });
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** @typedef {{ version?: string, integrity?: string, optional?: boolean }} Package */
/** @typedef {Record<string, Package>} Packages by their folders */

/**
 * Whether all is there and nothing else. What is optional may be missing: it is for another platform.
 * @param {Packages} wanted
 * @param {Packages} installed
 */
export function isInstalled(wanted, installed) {
  const same = (folder) =>
    installed[folder]?.version === wanted[folder]?.version &&
    installed[folder]?.integrity === wanted[folder]?.integrity;
  const missing = Object.keys(wanted).filter((folder) => folder !== '' && !(folder in installed));
  return missing.every((folder) => wanted[folder].optional) && Object.keys(installed).every(same);
}

/** @param {string} file @returns {Promise<Packages | undefined>} */
async function readPackages(file) {
  try {
    return JSON.parse(await readFile(file, 'utf8')).packages;
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}
