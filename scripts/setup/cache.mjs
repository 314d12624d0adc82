// The folder where the tools live: one for each user, shared by all clones, with the version in each name. What is
// in it is whole: an installation grows under another name and is renamed when complete.

import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { elsewhere, explained } from './failure.mjs';
import { interrupted } from './interruption.mjs';
import { root } from './root.mjs';

const { GROUPCOMMIT_CACHE, XDG_CACHE_HOME } = process.env;
const shared = GROUPCOMMIT_CACHE || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'groupcommit');
const cache = resolve(shared, `${process.platform}-${process.arch}`);

/** @param {string} name */
export const cachePath = (name) => join(cache, name);

/**
 * Returns the cache's folder `name`. Unless it works already, `fill` makes its content in the folder that it is given.
 * @param {string} name
 * @param {{ works: (folder: string) => Promise<boolean>, fill: (folder: string) => Promise<void> }} content
 * @param {(line: string) => void} report
 */
export async function cached(name, { works, fill }, report) {
  const folder = cachePath(name);
  await locked(name, report, async () => {
    if (await works(folder)) return;
    await removeUnfinished(folder);
    const growing = await mkdtemp(`${folder}.part-`);
    try {
      await fill(growing);
      await rename(growing, folder);
    } finally {
      await rm(growing, { recursive: true, force: true });
    }
  });
  return folder;
}

/** What does not work, and what a run that was killed outright could not remove. */
async function removeUnfinished(folder) {
  const names = await readdir(dirname(folder));
  for (const name of names) {
    if (name === basename(folder) || name.startsWith(`${basename(folder)}.part-`))
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
export async function locked(name, report, work) {
  const lock = cachePath(`${name}.lock`);
  const unwritable = `the folder for the tools, ${cache}, cannot be written`;
  await explained(unwritable, elsewhere, () => take(lock, report));
  const heart = setInterval(() => touch(lock), beat);
  try {
    return await work();
  } finally {
    clearInterval(heart);
    await rm(lock, { recursive: true, force: true });
  }
}

/** The name of a lock for what is done in this clone alone. */
export const inThisClone = (name) =>
  `${name}-${createHash('sha256').update(root).digest('hex').slice(0, 16)}`;

async function take(lock, report) {
  await mkdir(cache, { recursive: true });
  while (!(await taken(lock))) {
    report('waits for another process that does the same');
    await sleep(500);
    interrupted.throwIfAborted();
  }
}

async function taken(lock) {
  try {
    await mkdir(lock);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  const touched = (await stat(lock).catch(() => undefined))?.mtimeMs ?? 0;
  // Apart in either direction: a clock may have been set back.
  if (Math.abs(Date.now() - touched) < silenceOfTheDead) return false;
  await rm(lock, { recursive: true, force: true });
  return taken(lock);
}

function touch(lock) {
  const now = new Date();
  // It may have been taken for dead, after a suspension say; then the rename decides.
  utimes(lock, now, now).catch(() => {});
}
