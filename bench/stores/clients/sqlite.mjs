import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startProcessor } from 'groupcommit';
import { sqliteStore } from 'groupcommit/sqlite';
import { installed } from '../../../tests/stores/packages/installed.mjs';

import { newRecord } from '../record.mjs';

const synchronous = (relaxed) => (relaxed ? 'NORMAL' : 'FULL');
export const title = (relaxed) => `SQLite, better-sqlite3, WAL, synchronous = ${synchronous(relaxed)}`;

/** Each way has a file of its own. */
export async function start(relaxed) {
  const Database = createRequire(join(await installed(), 'package.json'))('better-sqlite3');
  const folder = await mkdtemp(join(tmpdir(), 'groupcommit-bench-'));
  const ways = [];
  for (const way of [groupcommit, byHand, oneByOne, compareAndSet]) {
    const db = new Database(join(folder, `${ways.length}.db`), { timeout: 0 });
    db.pragma('journal_mode = WAL');
    db.pragma(`synchronous = ${synchronous(relaxed)}`);
    await sqliteStore({ db, table: 'records' }).createTable();
    ways.push(way(db));
  }
  return { ways, stop: () => rm(folder, { recursive: true }) };
}

const common = (db) => ({
  fill: async (keys) => {
    const insert = db.prepare('INSERT INTO records (key, value, version) VALUES (?, ?, 1)');
    db.transaction(() => {
      for (const key of keys) insert.run(key, JSON.stringify(newRecord()));
    })();
  },
  total: async () => db.prepare(`SELECT SUM(json_extract(value, '$.count')) FROM records`).pluck().get(),
  close: async () => db.close(),
});

function groupcommit(db) {
  const processor = startProcessor({ ...sqliteStore({ db, table: 'records' }), minDuration: 0 });
  return {
    ...common(db),
    name: 'groupcommit',
    update: (key) => processor.run(key, (record) => ++record.count),
    read: (key) => processor.read(key, ({ count }) => count),
  };
}

const statements = (db) => ({
  select: db.prepare('SELECT value, version FROM records WHERE key = ?'),
  update: db.prepare('UPDATE records SET value = ?, version = version + 1 WHERE key = ?'),
});

/** The least that can be done for many updates, where somebody has collected them. */
function byHand(db) {
  const { select, update } = statements(db);
  const all = db.transaction((updates) => {
    const records = new Map();
    for (const key of updates) {
      if (!records.has(key)) records.set(key, JSON.parse(select.get(key).value));
      records.get(key).count++;
    }
    for (const [key, record] of records) update.run(JSON.stringify(record), key);
  });
  return {
    ...common(db),
    name: 'one transaction for all',
    updateAll: async (updates) => all.immediate(updates),
  };
}

function oneByOne(db) {
  const { select, update } = statements(db);
  const one = db.transaction((key) => {
    const record = JSON.parse(select.get(key).value);
    record.count++;
    update.run(JSON.stringify(record), key);
  });
  return {
    ...common(db),
    name: 'a transaction each',
    update: async (key) => one.immediate(key),
    read: async (key) => JSON.parse(select.get(key).value).count,
  };
}

function compareAndSet(db) {
  const { select } = statements(db);
  const set = db.prepare('UPDATE records SET value = ?, version = version + 1 WHERE key = ? AND version = ?');
  let conflicts = 0;
  return {
    ...common(db),
    name: 'compare and set, with backoff',
    async update(key) {
      for (let pause = 5; ; pause = Math.min(2 * pause, 1_000)) {
        const { value, version } = select.get(key);
        // What a client that is not synchronous, or an operation that waits, leaves to others.
        await undefined;
        const record = JSON.parse(value);
        record.count++;
        if (set.run(JSON.stringify(record), key, version).changes > 0) return;
        conflicts++;
        await sleep(Math.random() * pause);
      }
    },
    read: async (key) => JSON.parse(select.get(key).value).count,
    conflicts: () => conflicts,
  };
}
