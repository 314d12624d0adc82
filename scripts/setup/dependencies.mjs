// The npm packages of package-lock.json, in node_modules. wasm-opt is one of them, in binaryen.

import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { inThisClone, locked } from './cache.mjs';
import { explained } from './failure.mjs';
import { step } from './progress.mjs';
import { root } from './root.mjs';
import { run } from './run.mjs';

const folder = join(root, 'node_modules');
const record = join(folder, '.package-lock.json'); // npm writes it at the end of an installation
const found = { note: 'node_modules is as package-lock.json says', path: [join(folder, '.bin')] };
const ci = [
  'ci',
  '--include=dev',
  '--include=optional',
  '--no-workspaces', // of a project in a folder above
  '--install-strategy=hoisted', // this and the next, whatever the user prefers
  '--bin-links',
  '--prefer-offline', // else, without a network, it waits minutes before it takes what it has
  '--no-audit',
  '--no-fund',
];

/** @type {import('../setup.mjs').Need} */
export const dependencies = {
  name: 'npm packages',

  async find() {
    const wanted = await readPackages(join(root, 'package-lock.json'));
    const installed = await readPackages(record);
    const isThere = (path) => existsSync(join(root, path, 'package.json'));
    const isWhole = '' in wanted && isInstalled(wanted, installed) && Object.keys(installed).every(isThere);
    return isWhole ? found : undefined;
  },

  async bring() {
    await explained('the npm packages could not be installed', `npm ${ci.join(' ')}`, () =>
      step('npm ci', 'node_modules is not as package-lock.json says', (report) =>
        locked(inThisClone('npm'), report, async () => {
          if (!(await this.find())) await install(report);
        }),
      ),
    );
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
  const isRight = (folder) => {
    const [is, should] = [installed[folder], wanted[folder]];
    if (!is) return folder === '' || should.optional === true;
    return is.version === should?.version && is.integrity === should?.integrity;
  };
  return Object.keys({ ...wanted, ...installed }).every(isRight);
}

/** None of a file that is missing or broken. @param {string} file @returns {Promise<Packages>} */
async function readPackages(file) {
  try {
    return JSON.parse(await readFile(file, 'utf8')).packages;
  } catch (error) {
    if (error.code !== 'ENOENT' && !(error instanceof SyntaxError)) throw error;
    return {};
  }
}
