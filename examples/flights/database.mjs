import { access, constants, mkdir, mkdtemp, readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ClassicLevel } from 'classic-level';
import { OptionError } from './options.mjs';
import { emptyStatistics } from './statistics.mjs';

/**
 * An empty folder for the databases. By default beside this file, not in the system's temporary folder: that
 * is often kept in memory, where a synchronous write costs nothing and there is nothing to compare.
 */
export async function makeFolder(wanted) {
  if (wanted === undefined) return mkdtemp(fileURLToPath(new URL('databases-', import.meta.url)));
  const folder = resolve(wanted);
  let content;
  try {
    await mkdir(folder, { recursive: true });
    content = await readdir(folder);
    await access(folder, constants.W_OK);
  } catch (error) {
    throw new OptionError(`--database: ${folder} cannot be used as a folder (${error.code})`);
  }
  if (content.length > 0) throw new OptionError(`--database: ${folder} is not empty`);
  return folder;
}

/** A new LevelDB of airport -> statistics that counts what it is asked for. Each way uses it alike. */
export async function createDatabase(location) {
  await destroyDatabase(location);
  return openDatabase(location);
}

export async function openDatabase(location) {
  const level = new ClassicLevel(location, { valueEncoding: 'json' });
  await level.open();
  const database = {
    loads: 0,
    saves: 0,
    async load(airport) {
      database.loads += 1;
      return (await level.get(airport)) ?? emptyStatistics();
    },
    save(airport, statistics) {
      database.saves += 1;
      return level.put(airport, statistics, { sync: true });
    },
    async loadMany(airports) {
      database.loads += 1;
      const found = await level.getMany(airports);
      return found.map((statistics) => statistics ?? emptyStatistics());
    },
    saveMany(entries) {
      database.saves += 1;
      const puts = entries.map(([airport, statistics]) => ({ type: 'put', key: airport, value: statistics }));
      return level.batch(puts, { sync: true });
    },
    close: () => level.close(),
  };
  return database;
}

export const destroyDatabase = (location) => ClassicLevel.destroy(location);

/** Opens the database anew and reads all of it. */
export async function readDatabase(location) {
  const level = new ClassicLevel(location, { valueEncoding: 'json', createIfMissing: false });
  await level.open();
  try {
    return new Map(await level.iterator().all());
  } finally {
    await level.close();
  }
}
