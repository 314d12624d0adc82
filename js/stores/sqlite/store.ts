import { need, type Store, type StoreOptions } from '../options.js';
import { conflict, jsonOf, keyText, resourceOf } from '../records.js';
import { type SQLiteDatabase, transact, whenFree } from './database.js';

/** Options of {@link sqliteStore}. */
export interface SQLiteStoreOptions<Resource, Key extends string | number = string>
  extends StoreOptions<Resource, Key> {
  /** The connection. It is best the store's own: where somebody else has begun a transaction on it, a save fails. */
  db: SQLiteDatabase;
  /** The name of the table. */
  table: string;
}

/** What {@link sqliteStore} makes: options for `startProcessor`, and the table. */
export interface SQLiteStore<Resource, Key extends string | number = string> extends Store<Resource, Key> {
  /** 10: so often a batch starts over that has lost a race with another process. */
  retries: number;
  /** 60,000, a minute: so long a batch waits for a database that somebody else has locked. */
  maxDuration: number;
  /** Makes the table unless it is there: see docs/sqlite.md for the statement. */
  createTable: () => Promise<void>;
}

const MAX_DURATION = 60_000;

/** Of a record; null if there is none. */
type Version = number | bigint | null;

interface Row {
  value: string | null;
  version: Version;
}

/**
 * Keeps resources in a table of SQLite, as JSON: spread the result into the options of `startProcessor`. For node:sqlite and
 * better-sqlite3.
 *
 * - Batches that load in one turn are read by one statement, and those that save in one turn are written in one transaction.
 * - Each record has a version, by which a save notices that another process, or another processor, has written it since: then the
 *   batch starts over, alone.
 * - A database that somebody else has locked is waited for, until the call's signal aborts, without blocking this process.
 * - A resource is what JSON holds: null, booleans, finite numbers, strings, arrays and plain objects. Anything else in it, undefined too,
 *   is a TypeError that names the place, and the failure of that batch alone.
 *
 * @throws TypeError that names the option, if one is of the wrong kind.
 *
 * @example
 * <!-- not run -->
 * ```ts
 * import Database from 'better-sqlite3';
 * import { startProcessor } from 'groupcommit';
 * import { sqliteStore } from 'groupcommit/sqlite';
 *
 * const db = new Database('shop.db');
 * const store = sqliteStore({ db, table: 'carts', initial: () => ({ items: [] as string[] }) });
 * await store.createTable();
 * const carts = startProcessor({ ...store, minDuration: 0 });
 * await carts.run('alice', (cart) => void cart.items.push('apple'));
 * ```
 */
export function sqliteStore<Resource, Key extends string | number = string>(
  options: SQLiteStoreOptions<Resource, Key> & { initial: (key: Key) => Resource },
): SQLiteStore<Resource, Key>;
export function sqliteStore<Resource, Key extends string | number = string>(
  options: SQLiteStoreOptions<Resource, Key>,
): SQLiteStore<Resource | undefined, Key>;
export function sqliteStore<Resource, Key extends string | number>(
  options: SQLiteStoreOptions<Resource, Key>,
): SQLiteStore<Resource | undefined, Key> {
  const { db, table, initial } = options;
  need(typeof db?.prepare === 'function', 'db must be a database of SQLite');
  need(typeof table === 'string', 'table must be a string');
  need(!initial || typeof initial === 'function', 'initial must be a function');
  const name = `"${table.replaceAll('"', '""')}"`;
  const columns = 'key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL, version INTEGER NOT NULL';
  /** Of what was loaded for a batch. */
  const versions = new WeakMap<object, Version>();
  let prepared: ReturnType<typeof prepare> | undefined;
  const statements = () => (prepared ??= prepare(db, name));

  return {
    retries: 10,
    maxDuration: MAX_DURATION,

    createTable: () =>
      whenFree(
        AbortSignal.timeout(MAX_DURATION),
        () => void db.exec(`CREATE TABLE IF NOT EXISTS ${name} (${columns})`),
      ),

    async loadResources(batches, { signal }) {
      const keys = JSON.stringify(batches.map(({ key }) => keyText(key)));
      const rows = (await whenFree(signal, () => statements().select.all(keys))) as Row[];
      return batches.map((batch, place) => {
        const { value, version } = rows[place] as Row;
        versions.set(batch, version);
        return resourceOf(value, batch.key, initial);
      });
    },

    async saveResources(batches, { signal }) {
      const records = batches.map(({ resource }) => jsonOf(resource));
      const { insert, update, remove } = statements();
      return whenFree(signal, () =>
        transact(db, () =>
          batches.map((batch, place) => {
            const record = records[place];
            if (record instanceof Error) return record;
            const key = keyText(batch.key);
            const version = versions.get(batch) as Version;
            if (version === null && record === undefined) return undefined;
            try {
              const { changes } =
                version === null
                  ? insert.run(key, record as string)
                  : record === undefined
                    ? remove.run(key, version)
                    : update.run(record, key, version);
              return changes ? undefined : conflict(batch.key);
            } catch (error) {
              // What a constraint or a trigger of the table refuses fails alone, unless that has ended the transaction.
              if (db.inTransaction ?? db.isTransaction) return error as Error;
              throw error;
            }
          }),
        ),
      );
    },
  };
}

/** All of a call are read by one statement, without a variable for each: SQLite takes no more than 32,766. */
function prepare(db: SQLiteDatabase, name: string) {
  const match = 'WHERE key = ? AND version = ?';
  return {
    select: db.prepare(
      `SELECT t.value, version FROM json_each(?) k LEFT JOIN ${name} t ON t.key = k.value ORDER BY k.rowid`,
    ),
    // A record that was deleted and made again must not have a version that it has had before; and JavaScript has 53 bits.
    insert: db.prepare(
      `INSERT INTO ${name} (key, value, version) VALUES (?, ?, random() >> 12) ON CONFLICT (key) DO NOTHING`,
    ),
    update: db.prepare(`UPDATE ${name} SET value = ?, version = version + 1 ${match}`),
    remove: db.prepare(`DELETE FROM ${name} ${match}`),
  };
}
