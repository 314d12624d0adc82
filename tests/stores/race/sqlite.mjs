import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sqliteStore } from 'groupcommit/sqlite';
import { startFolder } from './folders.mjs';

/** What the harnesses of SQLite have in common: they differ by how a file is opened. */
export function sqlite(openFile) {
  return {
    hasConflicts: true,
    start: () => startFolder('sqlite'),
    async open({ folder }, options) {
      const db = await openFile(join(folder, 'records.db'));
      await useWAL(db);
      const store = sqliteStore({ db, table: 'records', ...options });
      await store.createTable();
      const select = db.prepare('SELECT value FROM records WHERE key = ?');
      return {
        store,
        get: async (key) => {
          const row = select.get(key);
          return row && JSON.parse(row.value);
        },
        close: async () => db.close(),
      };
    },
  };
}

/** As docs/sqlite.md advises for several processes. While another one does the same, the database is locked. */
async function useWAL(db) {
  for (;;) {
    try {
      return db.exec('PRAGMA journal_mode = WAL');
    } catch (error) {
      if (!/database is locked/.test(error.message)) throw error;
      await sleep(5);
    }
  }
}
