import { sqliteStore } from 'groupcommit/sqlite';
import { describe, expect, test } from 'vitest';
import { increment, rejection } from '../suite/place.js';
import { Database, type OpenFile } from './sqlite-database.js';

/** What SQLite says to a table, and to what is written into it. */
export function sqliteTables(name: string, openFile: OpenFile): void {
  describe(`${name}, tables`, () => {
    const own = new Database(openFile);

    test.for([
      ['db', { table: 't' }],
      ['db', { db: new Map(), table: 't' }],
      ['db', { db: null, table: 't' }],
      ['table', { db: true }],
      ['table', { db: true, table: 1 }],
      ['initial', { db: true, table: 't', initial: {} }],
    ] as const)('an option of the wrong kind is named: %s in %j', ([option, options]) => {
      const given = 'db' in options && options.db === true ? { ...options, db: own.db } : options;
      expect(() => sqliteStore(given as never)).toThrow(new RegExp(`^${option} must be `));
    });

    test('a table that is missing is named by the first load, and may be made later', async () => {
      const { store, processor } = own.start();
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
      own.db.exec(`CREATE TABLE counters (${columns})`);
      const { processor } = own.start();
      const error = await rejection(processor.run('a', increment));
      expect(error).toMatchObject({
        code: 'ERR_LOAD_FAILED',
        message: expect.stringContaining(missing as string),
      });
    });

    test.for(['or"der"; DROP TABLE x;--', 'select', 'ä b', "it's", ''])(
      'a table may be called %s',
      async (table) => {
        const processor = await own.started({}, table);
        expect(await processor.run('a', increment)).toBe(1);
        expect(await processor.run('a', increment)).toBe(2);
      },
    );

    test('a table of one’s own keeps its other columns', async () => {
      own.db.exec(
        `CREATE TABLE counters (id INTEGER PRIMARY KEY, note TEXT DEFAULT 'new', version INT, value TEXT, key TEXT UNIQUE)`,
      );
      own.db.exec(`INSERT INTO counters (note, key, value, version) VALUES ('mine', 'a', '{"count":7}', 1)`);
      const processor = await own.started();
      expect(await Promise.all(['a', 'b'].map((key) => processor.run(key, increment)))).toEqual([8, 1]);
      const rows = own.db.prepare('SELECT id, note, key FROM counters ORDER BY key').all();
      expect(rows.map((row) => ({ ...(row as object) }))).toEqual([
        { id: 1, note: 'mine', key: 'a' },
        { id: 2, note: 'new', key: 'b' },
      ]);
    });

    test('who writes by hand and raises the version loses nothing, and we neither', async () => {
      const processor = await own.started({ minDuration: 50_000 });
      const other = await own.started();
      await other.run('a', increment);
      let ran = 0;
      const run = processor.run('a', (counter) => (ran++, increment(counter)));
      await expect.poll(() => ran).toBe(1);
      own.db.exec(`UPDATE counters SET value = '{"count":100}', version = version + 1 WHERE key = 'a'`);
      await processor.flush();
      expect([await run, ran, own.countOf('a')]).toEqual([101, 2, 101]);
    });

    test('what a constraint of the table refuses fails alone', async () => {
      const check = `CHECK (json_extract(value, '$.count') < 2)`;
      own.db.exec(`CREATE TABLE counters (key TEXT PRIMARY KEY, value TEXT ${check}, version INTEGER)`);
      const processor = await own.started();
      await processor.run('a', increment);
      const runs = ['b', 'a', 'c'].map((key) => processor.run(key, increment));
      const [b, a, c] = await Promise.allSettled(runs);
      expect([b, c]).toMatchObject([{ value: 1 }, { value: 1 }]);
      expect(a).toMatchObject({
        reason: { code: 'ERR_SAVE_FAILED', message: expect.stringContaining('CHECK constraint failed') },
      });
      expect(['a', 'b', 'c'].map((key) => own.countOf(key))).toEqual([1, 1, 1]);
    });

    test('what rolls back the transaction fails all of the call, and leaves no transaction', async () => {
      const processor = await own.started();
      own.db.exec(
        `CREATE TRIGGER no BEFORE INSERT ON counters WHEN NEW.key = 'b' BEGIN SELECT RAISE(ROLLBACK, 'no b'); END`,
      );
      const outcomes = await Promise.allSettled(['a', 'b', 'c'].map((key) => processor.run(key, increment)));
      for (const outcome of outcomes)
        expect(outcome).toMatchObject({
          reason: { code: 'ERR_SAVE_FAILED', message: expect.stringContaining('no b') },
        });
      expect(['a', 'b', 'c'].map((key) => own.countOf(key))).toEqual([undefined, undefined, undefined]);
      expect(await processor.run('a', increment)).toBe(1);
    });

    test('a disk that is full fails the save, of which nothing is there, and later ones succeed', async () => {
      const processor = await own.started();
      await processor.run('a', increment);
      own.db.prepare('PRAGMA max_page_count = 10').get();
      const big = ['a', 'b'].map((key) =>
        processor.update(key, () => ({ count: 50, text: 'x'.repeat(100_000) })),
      );
      for (const outcome of await Promise.allSettled(big))
        expect(outcome).toMatchObject({
          reason: { code: 'ERR_SAVE_FAILED', message: expect.stringMatching(/disk is full/) },
        });
      expect(['a', 'b'].map((key) => own.countOf(key))).toEqual([1, undefined]);
      expect(await processor.run('a', increment)).toBe(2);
    });

    test('a record that is no JSON fails alone', async () => {
      const processor = await own.started();
      own.db.exec(`INSERT INTO counters VALUES ('bad', '{', 1)`);
      const [bad, good] = await Promise.allSettled(
        ['bad', 'good'].map((key) => processor.run(key, increment)),
      );
      expect(bad).toMatchObject({ reason: { code: 'ERR_LOAD_FAILED', cause: { name: 'SyntaxError' } } });
      expect(good).toMatchObject({ value: 1 });
    });

    test('100,000 keys are one call', { timeout: 120_000 }, async () => {
      const processor = await own.started();
      const together = new Set<number>();
      processor.subscribeBatchMetrics(({ savedTogether }) => together.add(savedTogether));
      const keys = Array.from({ length: 100_000 }, (_, i) => `${i}`);
      for (const expected of [1, 2]) {
        const counts = await Promise.all(keys.map((key) => processor.run(key, increment)));
        expect(counts.every((count) => count === expected)).toBe(true);
      }
      expect([...together]).toEqual([100_000]);
    });
  });
}
