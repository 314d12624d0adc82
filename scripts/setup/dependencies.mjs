// The npm packages of package-lock.json, in node_modules. wasm-opt is one of them, in binaryen.

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { locked } from './cache.mjs';
import { SetupError } from './failure.mjs';
import { step } from './progress.mjs';
import { root } from './root.mjs';
import { CommandError, run } from './run.mjs';

const found = {
  note: 'node_modules is as package-lock.json says',
  path: [join(root, 'node_modules', '.bin')],
};

/** @type {import('../setup.mjs').Need} */
export const dependencies = {
  name: 'npm packages',

  async find() {
    const [wanted, installed] = await Promise.all([
      readPackages(join(root, 'package-lock.json')),
      // npm writes this file at the end of an installation.
      readPackages(join(root, 'node_modules', '.package-lock.json')),
    ]);
    return wanted && installed && isInstalled(wanted, installed) ? found : undefined;
  },

  async bring() {
    const install = ['ci', '--include=dev', '--no-audit', '--no-fund'];
    const clone = createHash('sha256').update(root).digest('hex').slice(0, 16);
    try {
      await step('npm ci', 'node_modules is not as package-lock.json says', (report) =>
        locked(`npm-${clone}`, report, async () => {
          if (!(await this.find())) await run('npm', install, { cwd: root, report });
        }),
      );
    } catch (cause) {
      if (!(cause instanceof CommandError)) throw cause;
      throw new SetupError('the npm packages could not be installed', {
        cause,
        command: `npm ${install.join(' ')}`,
      });
    }
    return found;
  },
};

/** @typedef {Record<string, { version?: string, integrity?: string, optional?: boolean }>} Packages folder -> package */

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
