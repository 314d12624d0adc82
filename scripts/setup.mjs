// Brings what building and testing need and the machine lacks. It writes to node_modules and to one cache folder
// for each user ($GROUPCOMMIT_CACHE, else $XDG_CACHE_HOME/groupcommit, else ~/.cache/groupcommit); beyond these it
// asks only rustup and apt-get, for what they alone can bring.

import { realpathSync } from 'node:fs';
import { delimiter } from 'node:path';
import { fileURLToPath } from 'node:url';
import { optionsOf } from './options.mjs';
import { chromium, firefox } from './setup/browsers.mjs';
import { wasmBindgen, wasmPack } from './setup/cargo-tools.mjs';
import { folder, node } from './setup/conditions.mjs';
import { postgres, redis } from './setup/databases.mjs';
import { dependencies } from './setup/dependencies.mjs';
import { guarded, SetupError } from './setup/failure.mjs';
import { print, step } from './setup/progress.mjs';
import { rust } from './setup/rust.mjs';

/**
 * @typedef {object} Found
 * @property {string} note where it is, for a person
 * @property {string[]} [path] folders for the PATH
 * @property {Record<string, string>} [env]
 *
 * @typedef {object} Need
 * @property {string} name
 * @property {() => Promise<Found | undefined>} find quick and without effect
 * @property {() => Promise<Found>} bring
 */

/** @type {Need[]} */
const toolchain = [node, folder, rust, wasmPack, wasmBindgen, dependencies];
/** @type {Need[]} */
const browsers = [chromium, firefox];
/** @type {Need[]} */
const databases = [postgres, redis];

/**
 * Brings compiler, tools and npm packages, and returns the changes to the environment with which `wasm-pack`,
 * `wasm-opt`, the commands in node_modules/.bin and `cargo build --target wasm32-unknown-unknown` work:
 * `spawn(…, { env: { ...process.env, ...changes } })`. Native builds do without them.
 * Ends the process with a message when something cannot be brought.
 * @returns {Promise<Record<string, string>>}
 */
export function ensureToolchain() {
  return guarded(async () => {
    const all = await ensure(toolchain);
    const path = [...all.flatMap((found) => found.path ?? []), process.env.PATH];
    return Object.assign({ PATH: path.join(delimiter) }, ...all.map((found) => found.env));
  });
}

/** Brings the browsers and returns their paths. Ends the process with a message when one cannot be brought. */
export function ensureBrowsers() {
  return guarded(async () => {
    const [{ note: chromium }, { note: firefox }] = await ensure(browsers);
    return { chromium, firefox };
  });
}

/** Brings the databases and returns their servers. Ends the process with a message when one cannot be brought. */
export function ensureDatabases() {
  return guarded(async () => {
    const [postgres, redis] = await ensure(databases);
    return { postgres, redis };
  });
}

/** @param {Need[]} needs */
export async function ensure(needs) {
  const all = [];
  for (const need of needs) {
    const found = await step(need.name, 'looks whether it is there', () => need.find(), { isQuick: true });
    all.push(found ?? (await need.bring()));
  }
  return all;
}

/** Tells what is there and what is missing, brings nothing, and returns whether all is there. */
async function check(needs) {
  let complete = true;
  for (const need of needs) {
    try {
      const found = await need.find();
      print(found ? `✓ ${need.name}: ${found.note}` : `✗ ${need.name}: missing`);
      complete &&= found !== undefined;
    } catch (error) {
      if (!(error instanceof SetupError)) throw error;
      print(`✗ ${need.name}: ${error.message}. This helps: ${error.command}`);
      complete = false;
    }
  }
  return complete;
}

const usage = `Usage: node scripts/setup.mjs [--browsers] [--databases] [--check]

  --browsers   also the browsers that the tests drive
  --databases  also the databases that the stores are tested with
  --check      only tell what is there and what is missing; exit code 1 if anything is missing`;

async function main() {
  const wanted = optionsOf(
    { browsers: { type: 'boolean' }, databases: { type: 'boolean' }, check: { type: 'boolean' } },
    usage,
  );
  const needs = [...toolchain, ...(wanted.browsers ? browsers : []), ...(wanted.databases ? databases : [])];
  if (!wanted.check) await guarded(() => ensure(needs));
  const complete = await check(needs);
  if (complete) return;
  print('`npm run setup` brings what is missing.');
  process.exitCode = 1;
}

const isMain =
  process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url);
if (isMain) await main();
