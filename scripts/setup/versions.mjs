import { dirname } from 'node:path';
import { CommandError, run } from './run.mjs';

/** @param {string} version @param {string} least */
export function atLeast(version, least) {
  return version.localeCompare(least, 'en', { numeric: true }) >= 0;
}

/**
 * The version that a command says it has, if it can be run.
 * @param {string} path
 * @param {{ ask?: string[], env?: Record<string, string> }} [how] its arguments, and changes to the environment
 * @returns {Promise<string | undefined>}
 */
export async function versionOf(path, { ask = ['--version'], env } = {}) {
  try {
    // A file that is no program is run as a shell script: what that may write lies beside it then.
    return /\d+(\.\d+)+/.exec(await run(path, ask, { cwd: dirname(path), env }))?.[0];
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
  }
}

/**
 * The version of a package in the text of a Cargo.lock.
 * @param {string} lock
 * @param {string} name
 */
export function lockedVersion(lock, name) {
  const [, version] = new RegExp(`^name = "${name}"\\r?\\nversion = "(.+)"`, 'm').exec(lock) ?? [];
  if (!version) throw new Error(`Cargo.lock names no package ${name}`);
  return version;
}
