// The folder where the tools live: one for each user, shared by all clones, with the version in each name. What is
// in it is whole: an installation grows under another name and is renamed when complete.

import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SetupError } from './failure.mjs';
import { interrupted, interruptible } from './interruption.mjs';

const { GROUPCOMMIT_CACHE, XDG_CACHE_HOME } = process.env;
const shared = GROUPCOMMIT_CACHE || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'groupcommit');
const cache = resolve(shared, `${process.platform}-${process.arch}`);

/** @param {string} name */
export const cachePath = (name) => join(cache, name);

/**
 * Returns the cache's folder `name`. If it is not there yet, `fill` makes its content in the folder that it is given.
 * @param {string} name
 * @param {(folder: string) => Promise<void>} fill
 * @param {(line: string) => void} report
 */
export async function cached(name, fill, report) {
  const folder = cachePath(name);
  await locked(name, report, async () => {
    await removeLeftovers(folder);
    if (existsSync(folder)) return;
    const growing = await mkdtemp(`${folder}.part-`);
    try {
      await fill(growing);
      await publish(growing, folder);
    } finally {
      await rm(growing, { recursive: true, force: true });
    }
  });
  return folder;
}

async function publish(growing, folder) {
  try {
    await rename(growing, folder);
  } catch (error) {
    // Another set-up was quicker, although the lock should have made it wait: its folder is as good.
    if (!['ENOTEMPTY', 'EEXIST'].includes(error.code)) throw error;
  }
}

/** A run that was killed outright could not remove its unfinished folder. */
async function removeLeftovers(folder) {
  const names = await readdir(dirname(folder));
  for (const name of names.filter((name) => name.startsWith(`${basename(folder)}.part-`))) {
    await rm(join(dirname(folder), name), { recursive: true, force: true });
  }
}

const beat = 2_000;
const silenceOfTheDead = 5 * beat;

/**
 * Does `work` while no other process that shares the cache does it. The lock is a folder that its owner touches as
 * long as it lives: one that has not been touched for a while belongs to nobody.
 * @template T
 * @param {string} name
 * @param {(line: string) => void} report
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export function locked(name, report, work) {
  const lock = cachePath(`${name}.lock`);
  return interruptible(async () => {
    await makeCache();
    while (!(await taken(lock))) {
      report('waits for another process that does the same');
      await sleep(500);
      interrupted.throwIfAborted();
    }
    const heart = setInterval(() => touch(lock), beat);
    try {
      return await work();
    } finally {
      clearInterval(heart);
      await rm(lock, { recursive: true, force: true });
    }
  });
}

async function taken(lock) {
  try {
    await mkdir(lock);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  const touched = (await stat(lock).catch(() => undefined))?.mtimeMs ?? 0;
  if (Date.now() - touched < silenceOfTheDead) return false;
  await rm(lock, { recursive: true, force: true });
  return taken(lock);
}

function touch(lock) {
  const now = new Date();
  // It may have been taken for dead, after a suspension say; then the rename decides.
  utimes(lock, now, now).catch(() => {});
}

async function makeCache() {
  try {
    await mkdir(cache, { recursive: true });
  } catch (cause) {
    throw new SetupError(`the folder for the tools, ${cache}, cannot be written`, {
      cause,
      command: 'export GROUPCOMMIT_CACHE=$(mktemp -d)',
    });
  }
}
