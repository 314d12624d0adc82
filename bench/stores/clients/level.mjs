import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Mutex } from 'async-mutex';
import { ClassicLevel } from 'classic-level';
import { startProcessor } from 'groupcommit';
import { levelStore } from 'groupcommit/level';

import { newRecord } from '../record.mjs';

export const title = (relaxed) => `LevelDB, classic-level, ${relaxed ? 'without sync' : 'sync'}`;

/** Each way has a LevelDB of its own. */
export async function start(relaxed) {
  const writing = { sync: !relaxed };
  const folder = await mkdtemp(join(tmpdir(), 'groupcommit-bench-'));
  const ways = [groupcommit, byHand, oneByOne].map((way, i) =>
    way(new ClassicLevel(join(folder, `${i}`), { valueEncoding: 'json' }), writing),
  );
  return { ways, stop: () => rm(folder, { recursive: true }) };
}

const common = (db) => ({
  fill: (keys) => db.batch(keys.map((key) => ({ type: 'put', key, value: newRecord() }))),
  async total() {
    let total = 0;
    for await (const { count } of db.values()) total += count;
    return total;
  },
  close: () => db.close(),
});

function groupcommit(db, { sync }) {
  const processor = startProcessor({ ...levelStore({ db, sync }), minDuration: 0 });
  return {
    ...common(db),
    name: 'groupcommit',
    update: (key) => processor.run(key, (record) => ++record.count),
    read: (key) => processor.read(key, ({ count }) => count),
  };
}

/** The least that can be done for many updates, where somebody has collected them. */
function byHand(db, writing) {
  return {
    ...common(db),
    name: 'getMany, batch',
    async updateAll(updates) {
      const keys = [...new Set(updates)];
      const records = new Map((await db.getMany(keys)).map((record, i) => [keys[i], record]));
      for (const key of updates) records.get(key).count++;
      await db.batch(
        [...records].map(([key, value]) => ({ type: 'put', key, value })),
        writing,
      );
    },
  };
}

function oneByOne(db, writing) {
  const mutexes = new Map();
  const mutexOf = (key) => {
    if (!mutexes.has(key)) mutexes.set(key, new Mutex());
    return mutexes.get(key);
  };
  return {
    ...common(db),
    name: 'get, put, with a mutex',
    update: (key) =>
      mutexOf(key).runExclusive(async () => {
        const record = await db.get(key);
        record.count++;
        await db.put(key, record, writing);
      }),
    read: async (key) => (await db.get(key)).count,
  };
}
