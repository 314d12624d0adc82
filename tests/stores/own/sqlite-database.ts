import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ProcessorOptions, startProcessor } from 'groupcommit';
import { type SQLiteDatabase, sqliteStore } from 'groupcommit/sqlite';
import { afterEach, beforeEach } from 'vitest';
import { type Counter, initial } from '../suite/place.js';

/** What the tests ask of a connection, beside what the store does. */
export interface Connection extends SQLiteDatabase {
  prepare(sql: string): ReturnType<SQLiteDatabase['prepare']> & { get(...values: unknown[]): unknown };
  close(): unknown;
}

export type OpenFile = (file: string) => Promise<Connection>;

// biome-ignore lint/suspicious/noExplicitAny: processors of every kind are stopped
type AnyOptions = ProcessorOptions<any, any>;

/** A database in a file of its own for each test, with the journal that SQLite has by default; all that is opened is closed after it. */
export class Database {
  db!: Connection;
  #folder = '';
  #ending: (() => unknown)[] = [];
  #openFile: OpenFile;

  constructor(openFile: OpenFile) {
    this.#openFile = openFile;
    beforeEach(async () => {
      this.#folder = mkdtempSync(join(tmpdir(), 'groupcommit-own-'));
      this.db = await this.open();
    });
    afterEach(async () => {
      for (const end of this.#ending.splice(0).reverse()) await end();
      rmSync(this.#folder, { recursive: true });
    });
  }

  /** One more connection. */
  async open(): Promise<Connection> {
    const db = await this.#openFile(join(this.#folder, 'own.db'));
    let isOpen = true;
    const close = db.close.bind(db);
    db.close = () => isOpen && ((isOpen = false), close());
    this.#ending.push(() => db.close());
    return db;
  }

  start(options: AnyOptions = {}, table = 'counters', db = this.db) {
    const store = sqliteStore({ db, table, initial });
    const processor = startProcessor<Counter>({ ...store, minDuration: 0, ...options });
    this.#ending.push(() => processor.stop());
    return { store, processor };
  }

  /** A processor on a table that is there. */
  async started(options?: AnyOptions, table?: string, db?: Connection) {
    const { store, processor } = this.start(options, table, db);
    await store.createTable();
    return processor;
  }

  countOf(key: string): number | undefined {
    const row = this.db.prepare('SELECT value FROM counters WHERE key = ?').get(key) as
      | { value: string }
      | undefined;
    return row && JSON.parse(row.value).count;
  }
}
