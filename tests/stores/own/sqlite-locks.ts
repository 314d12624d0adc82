import { describe, expect, test } from 'vitest';
import { increment, rejection } from '../suite/place.js';
import { Database, type OpenFile } from './sqlite-database.js';

/** What others do with the same database, on other connections and on the same one. */
export function sqliteLocks(name: string, openFile: OpenFile): void {
  describe(`${name}, locks and transactions`, () => {
    const own = new Database(openFile);

    test('a database that another connection has locked is waited for, and the process goes on', async () => {
      const processor = await own.started();
      const other = await own.open();
      other.exec('BEGIN IMMEDIATE');
      const run = processor.run('a', increment);
      // If the process stood still, this would never come, nor the end of the test.
      setTimeout(() => other.exec('COMMIT'), 50);
      expect(await run).toBe(1);
    });

    test('a database that stays locked fails the batch at its maxDuration, by what SQLite says', async () => {
      const processor = await own.started({ maxDuration: 50 });
      const other = await own.open();
      other.exec('BEGIN IMMEDIATE');
      const error = await rejection(processor.run('a', increment));
      expect(error).toMatchObject({
        code: 'ERR_SAVE_FAILED',
        message: expect.stringContaining('database is locked'),
      });
      other.exec('ROLLBACK');
      expect(own.countOf('a')).toBeUndefined();
      expect(await processor.run('a', increment)).toBe(1);
    });

    test('createTable waits for a database that is locked', async () => {
      const other = await own.open();
      other.exec('BEGIN EXCLUSIVE');
      const { store } = own.start();
      setTimeout(() => other.exec('COMMIT'), 50);
      await store.createTable();
    });

    test('a transaction of somebody else on the connection is left alone', async () => {
      const processor = await own.started();
      await processor.run('a', increment);
      own.db.exec('BEGIN');
      own.db.exec(`INSERT INTO counters VALUES ('mine', '{"count":5}', 1)`);
      const error = await rejection(processor.run('a', increment));
      expect(error).toMatchObject({
        code: 'ERR_SAVE_FAILED',
        message: expect.stringContaining('within a transaction'),
      });
      own.db.exec('COMMIT');
      expect([own.countOf('a'), own.countOf('mine')]).toEqual([1, 5]);
      expect(await processor.run('a', increment)).toBe(2);
    });

    test('what was loaded of a transaction that is then rolled back is not saved', async () => {
      const processor = await own.started({ minDuration: 50_000 });
      own.db.exec(`INSERT INTO counters VALUES ('a', '{"count":1}', 1)`);
      own.db.exec('BEGIN');
      own.db.exec(`UPDATE counters SET value = '{"count":100}', version = version + 1 WHERE key = 'a'`);
      let ran = 0;
      const run = processor.run('a', (counter) => (ran++, increment(counter)));
      await expect.poll(() => ran).toBe(1);
      own.db.exec('ROLLBACK');
      await processor.flush();
      expect([await run, own.countOf('a')]).toEqual([2, 2]);
    });

    test('without WAL, two connections that write and read at once lose nothing', {
      timeout: 120_000,
    }, async () => {
      const processors = [await own.started(), await own.started({}, 'counters', await own.open())];
      const rounds = processors.map(async (processor) => {
        for (let round = 0; round < 50; round++)
          await Promise.all(['a', 'b'].map((key) => processor.run(key, increment)));
      });
      await Promise.all(rounds);
      expect(['a', 'b'].map((key) => own.countOf(key))).toEqual([100, 100]);
    });

    test('a database that is closed between load and save fails the save', async () => {
      const processor = await own.started({ minDuration: 50_000 });
      let ran = 0;
      const run = rejection(processor.run('a', () => void ran++));
      await expect.poll(() => ran).toBe(1);
      own.db.close();
      await processor.flush();
      expect(await run).toMatchObject({
        code: 'ERR_SAVE_FAILED',
        message: expect.stringMatching(/not open|finalized/),
      });
      own.db = await own.open();
      expect(own.countOf('a')).toBeUndefined();
    });
  });
}
