import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ProcessorOptions, startProcessor } from 'groupcommit';
import { type SQLiteDatabase, sqliteStore } from 'groupcommit/sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Counter, increment, initial, rejection } from '../suite/place.js';

/** What the tests ask of a connection, beside what the store does. */
export interface Connection extends SQLiteDatabase {
  prepare(sql: string): ReturnType<SQLiteDatabase['prepare']> & { get(...values: unknown[]): unknown };
  close(): unknown;
}

// biome-ignore lint/suspicious/noExplicitAny: processors of every kind are stopped
type AnyOptions = ProcessorOptions<any, any>;

/** What is SQLite's own, whichever client it is used by. */
export function sqliteOwn(name: string, openFile: (file: string) => Promise<Connection>): void {
  describe(`${name}, on its own`, () => {
    let folder: string;
    let db: Connection;
    const ending: (() => unknown)[] = [];

    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), 'groupcommit-own-'));
      db = await open();
    });
    afterEach(async () => {
      for (const end of ending.splice(0).reverse()) await end();
      rmSync(folder, { recursive: true });
    });

    async function open(): Promise<Connection> {
      const db = await openFile(join(folder, 'own.db'));
      let isOpen = true;
      const close = db.close.bind(db);
      db.close = () => isOpen && ((isOpen = false), close());
      ending.push(() => db.close());
      return db;
    }

    function start(options: AnyOptions = {}, table = 'counters', connection = db) {
      const store = sqliteStore({ db: connection, table, initial });
      const processor = startProcessor<Counter>({ ...store, minDuration: 0, ...options });
      ending.push(() => processor.stop());
      return { store, processor };
    }
    async function started(options?: AnyOptions, table?: string, connection?: Connection) {
      const { store, processor } = start(options, table, connection);
      await store.createTable();
      return processor;
    }
    const countOf = (key: string) => {
      const row = db.prepare('SELECT value FROM counters WHERE key = ?').get(key) as
        | { value: string }
        | undefined;
      return row && JSON.parse(row.value).count;
    };

    test.for([
      ['db', { table: 't' }],
      ['db', { db: new Map(), table: 't' }],
      ['db', { db: null, table: 't' }],
      ['table', { db: true }],
      ['table', { db: true, table: 1 }],
      ['initial', { db: true, table: 't', initial: {} }],
    ] as const)('an option of the wrong kind is named: %s in %j', ([option, options]) => {
      const given = 'db' in options && options.db === true ? { ...options, db } : options;
      expect(() => sqliteStore(given as never)).toThrow(new RegExp(`^${option} must be `));
    });

    test('a table that is missing is named by the first load, and may be made later', async () => {
      const { store, processor } = start();
      const error = await rejection(processor.run('a', increment));
      expect(error).toMatchObject({
        code: 'ERR_LOAD_FAILED',
        message: expect.stringContaining('no such table: counters'),
      });
      await store.createTable();
      expect(await processor.run('a', increment)).toBe(1);
    });

    test.for([
      ['version', 'key TEXT PRIMARY KEY, value TEXT'],
      ['value', 'key TEXT PRIMARY KEY, version INTEGER'],
      ['key', 'id TEXT PRIMARY KEY, value TEXT, version INTEGER'],
      ['PRIMARY KEY or UNIQUE', 'key TEXT, value TEXT, version INTEGER'],
    ])('a table without %s is refused by the first load', async ([missing, columns]) => {
      db.exec(`CREATE TABLE counters (${columns})`);
      const { processor } = start();
      const error = await rejection(processor.run('a', increment));
      expect(error).toMatchObject({
        code: 'ERR_LOAD_FAILED',
        message: expect.stringContaining(missing as string),
      });
    });

    test.for(['or"der"; DROP TABLE x;--', 'select', 'ä b', "it's", ''])(
      'a table may be called %s',
      async (table) => {
        const processor = await started({}, table);
        expect(await processor.run('a', increment)).toBe(1);
        expect(await processor.run('a', increment)).toBe(2);
      },
    );

    test('a table of one’s own keeps its other columns', async () => {
      db.exec(
        `CREATE TABLE counters (id INTEGER PRIMARY KEY, note TEXT DEFAULT 'new', version INT, value TEXT, key TEXT UNIQUE)`,
      );
      db.exec(`INSERT INTO counters (note, key, value, version) VALUES ('mine', 'a', '{"count":7}', 1)`);
      const processor = await started();
      expect(await Promise.all(['a', 'b'].map((key) => processor.run(key, increment)))).toEqual([8, 1]);
      const rows = db.prepare('SELECT id, note, key FROM counters ORDER BY key').all();
      expect(rows.map((row) => ({ ...(row as object) }))).toEqual([
        { id: 1, note: 'mine', key: 'a' },
        { id: 2, note: 'new', key: 'b' },
      ]);
    });

    test('who writes by hand and raises the version loses nothing, and we neither', async () => {
      const processor = await started({ minDuration: 50_000 });
      const other = await started();
      await other.run('a', increment);
      let ran = 0;
      const run = processor.run('a', (counter) => (ran++, increment(counter)));
      await expect.poll(() => ran).toBe(1);
      db.exec(`UPDATE counters SET value = '{"count":100}', version = version + 1 WHERE key = 'a'`);
      await processor.flush();
      expect([await run, ran, countOf('a')]).toEqual([101, 2, 101]);
    });

    test('a database that another connection has locked is waited for, and the process goes on', async () => {
      const processor = await started();
      const other = await open();
      other.exec('BEGIN IMMEDIATE');
      const run = processor.run('a', increment);
      // If the process stood still, this would never come, nor the end of the test.
      setTimeout(() => other.exec('COMMIT'), 50);
      expect(await run).toBe(1);
    });

    test('a database that stays locked fails the batch at its maxDuration, by what SQLite says', async () => {
      const processor = await started({ maxDuration: 50 });
      const other = await open();
      other.exec('BEGIN IMMEDIATE');
      const error = await rejection(processor.run('a', increment));
      expect(error).toMatchObject({
        code: 'ERR_SAVE_FAILED',
        message: expect.stringContaining('database is locked'),
      });
      other.exec('ROLLBACK');
      expect(countOf('a')).toBeUndefined();
      expect(await processor.run('a', increment)).toBe(1);
    });

    test('createTable waits for a database that is locked', async () => {
      const other = await open();
      other.exec('BEGIN EXCLUSIVE');
      const { store } = start();
      setTimeout(() => other.exec('COMMIT'), 50);
      await store.createTable();
    });

    test('a transaction of somebody else on the connection is left alone', async () => {
      const processor = await started();
      await processor.run('a', increment);
      db.exec('BEGIN');
      db.exec(`INSERT INTO counters VALUES ('mine', '{"count":5}', 1)`);
      const error = await rejection(processor.run('a', increment));
      expect(error).toMatchObject({
        code: 'ERR_SAVE_FAILED',
        message: expect.stringContaining('within a transaction'),
      });
      db.exec('COMMIT');
      expect([countOf('a'), countOf('mine')]).toEqual([1, 5]);
      expect(await processor.run('a', increment)).toBe(2);
    });

    test('what was loaded of a transaction that is then rolled back is not saved', async () => {
      const processor = await started({ minDuration: 50_000 });
      db.exec(`INSERT INTO counters VALUES ('a', '{"count":1}', 1)`);
      db.exec('BEGIN');
      db.exec(`UPDATE counters SET value = '{"count":100}', version = version + 1 WHERE key = 'a'`);
      let ran = 0;
      const run = processor.run('a', (counter) => (ran++, increment(counter)));
      await expect.poll(() => ran).toBe(1);
      db.exec('ROLLBACK');
      await processor.flush();
      expect([await run, countOf('a')]).toEqual([2, 2]);
    });

    test('what a constraint of the table refuses fails alone', async () => {
      const check = `CHECK (json_extract(value, '$.count') < 2)`;
      db.exec(`CREATE TABLE counters (key TEXT PRIMARY KEY, value TEXT ${check}, version INTEGER)`);
      const processor = await started();
      await processor.run('a', increment);
      const runs = ['b', 'a', 'c'].map((key) => processor.run(key, increment));
      const [b, a, c] = await Promise.allSettled(runs);
      expect([b, c]).toMatchObject([{ value: 1 }, { value: 1 }]);
      expect(a).toMatchObject({
        reason: { code: 'ERR_SAVE_FAILED', message: expect.stringContaining('CHECK constraint failed') },
      });
      expect(['a', 'b', 'c'].map(countOf)).toEqual([1, 1, 1]);
    });

    test('what rolls back the transaction fails all of the call, and leaves no transaction', async () => {
      const processor = await started();
      db.exec(
        `CREATE TRIGGER no BEFORE INSERT ON counters WHEN NEW.key = 'b' BEGIN SELECT RAISE(ROLLBACK, 'no b'); END`,
      );
      const outcomes = await Promise.allSettled(['a', 'b', 'c'].map((key) => processor.run(key, increment)));
      for (const outcome of outcomes)
        expect(outcome).toMatchObject({
          reason: { code: 'ERR_SAVE_FAILED', message: expect.stringContaining('no b') },
        });
      expect(['a', 'b', 'c'].map(countOf)).toEqual([undefined, undefined, undefined]);
      expect(await processor.run('a', increment)).toBe(1);
    });

    test('a disk that is full fails the save, of which nothing is there, and later ones succeed', async () => {
      const processor = await started();
      await processor.run('a', increment);
      db.prepare('PRAGMA max_page_count = 10').get();
      const big = ['a', 'b'].map((key) =>
        processor.update(key, () => ({ count: 50, text: 'x'.repeat(100_000) })),
      );
      for (const outcome of await Promise.allSettled(big))
        expect(outcome).toMatchObject({
          reason: { code: 'ERR_SAVE_FAILED', message: expect.stringMatching(/disk is full/) },
        });
      expect(['a', 'b'].map(countOf)).toEqual([1, undefined]);
      expect(await processor.run('a', increment)).toBe(2);
    });

    test('a record that is no JSON fails alone', async () => {
      const processor = await started();
      db.exec(`INSERT INTO counters VALUES ('bad', '{', 1)`);
      const [bad, good] = await Promise.allSettled(
        ['bad', 'good'].map((key) => processor.run(key, increment)),
      );
      expect(bad).toMatchObject({ reason: { code: 'ERR_LOAD_FAILED', cause: { name: 'SyntaxError' } } });
      expect(good).toMatchObject({ value: 1 });
    });

    test('100,000 keys are one call', { timeout: 120_000 }, async () => {
      const processor = await started();
      const together = new Set<number>();
      processor.subscribeBatchMetrics(({ savedTogether }) => together.add(savedTogether));
      const keys = Array.from({ length: 100_000 }, (_, i) => `${i}`);
      for (const expected of [1, 2]) {
        const counts = await Promise.all(keys.map((key) => processor.run(key, increment)));
        expect(counts.every((count) => count === expected)).toBe(true);
      }
      expect([...together]).toEqual([100_000]);
    });

    test('without WAL, two connections that write and read at once lose nothing', {
      timeout: 120_000,
    }, async () => {
      const processors = [await started(), await started({}, 'counters', await open())];
      const rounds = processors.map(async (processor) => {
        for (let round = 0; round < 50; round++)
          await Promise.all(['a', 'b'].map((key) => processor.run(key, increment)));
      });
      await Promise.all(rounds);
      expect(['a', 'b'].map(countOf)).toEqual([100, 100]);
    });

    test('a database that is closed between load and save fails the save', async () => {
      const processor = await started({ minDuration: 50_000 });
      let ran = 0;
      const run = rejection(processor.run('a', () => void ran++));
      await expect.poll(() => ran).toBe(1);
      db.close();
      await processor.flush();
      expect(await run).toMatchObject({
        code: 'ERR_SAVE_FAILED',
        message: expect.stringMatching(/not open|finalized/),
      });
      db = await open();
      expect(countOf('a')).toBeUndefined();
    });
  });
}
