import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { startProcessor } from 'groupcommit';
import { type LevelDatabase, levelStore } from 'groupcommit/level';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { increment, initial, rejection } from '../suite/place.js';

/** What is LevelDB's own. */
export function levelOwn(): void {
  describe('groupcommit/level on classic-level, on its own', () => {
    let folder: string;
    let db: ClassicLevel<string, string>;

    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'groupcommit-own-'));
      db = new ClassicLevel(folder);
    });
    afterEach(async () => {
      await db.close();
      rmSync(folder, { recursive: true });
    });

    const start = (db: LevelDatabase, options = {}) =>
      startProcessor({ ...levelStore({ db, initial }), minDuration: 0, ...options });

    test.for([
      ['db', {}],
      ['db', { db: null }],
      ['db', { db: new Map() }],
      ['initial', { db: true, initial: 'none' }],
    ] as const)('an option of the wrong kind is named: %s in %j', ([option, options]) => {
      const given = 'db' in options && options.db === true ? { ...options, db } : options;
      expect(() => levelStore(given as never)).toThrow(new RegExp(`^${option} must be `));
    });

    test('the encodings of the database do not matter', async () => {
      const odd = db.sublevel<Uint8Array, Uint8Array>('odd', { keyEncoding: 'view', valueEncoding: 'view' });
      expect(await start(odd).run('é', increment)).toBe(1);
      expect(await odd.get<string, object>('é', { keyEncoding: 'utf8', valueEncoding: 'json' })).toEqual({
        count: 1,
      });
    });

    test('sublevels have records of their own', async () => {
      const [a, b] = ['a', 'b'].map((name) => start(db.sublevel(name)));
      await a?.run('same', increment);
      expect(await b?.run('same', increment)).toBe(1);
      expect(await start(db).run('same', increment)).toBe(1);
    });

    test('sync is handed on, and false if nothing is said', async () => {
      const syncs: boolean[] = [];
      const spy: LevelDatabase = {
        getMany: async (keys) => keys.map(() => undefined),
        batch: async (_operations, { sync }) => void syncs.push(sync),
      };
      await start(spy).run('a', increment);
      const store = levelStore({ db: spy, initial, sync: true });
      await startProcessor({ ...store, minDuration: 0 }).run('a', increment);
      expect(syncs).toEqual([false, true]);
    });

    test('a database that another one has open fails with the codes of LevelDB', async () => {
      await db.open();
      const second = new ClassicLevel<string, string>(folder);
      const error = await rejection(start(second).run('a', increment));
      expect(error).toMatchObject({
        code: 'ERR_LOAD_FAILED',
        cause: { code: 'LEVEL_DATABASE_NOT_OPEN' },
      });
    });

    test('a database that is closed between load and save fails the save, with its code', async () => {
      const processor = start(db, { minDuration: 50_000 });
      let ran = 0;
      const run = rejection(processor.run('a', () => void ran++));
      await expect.poll(() => ran).toBe(1);
      await db.close();
      await processor.flush();
      expect(await run).toMatchObject({
        code: 'ERR_SAVE_FAILED',
        cause: { code: 'LEVEL_DATABASE_NOT_OPEN' },
      });
    });

    test('a write that fails fails for all of its call', async () => {
      const full = Object.assign(new Error('No space left on device'), { code: 'LEVEL_IO_ERROR' });
      const disk: LevelDatabase = {
        getMany: (...args) => db.getMany(...args),
        batch: () => Promise.reject(full),
      };
      const processor = start(disk);
      const outcomes = await Promise.allSettled(['a', 'b'].map((key) => processor.run(key, increment)));
      for (const outcome of outcomes)
        expect(outcome).toMatchObject({ reason: { code: 'ERR_SAVE_FAILED', cause: full } });
      expect(await db.getMany(['a', 'b'])).toEqual([undefined, undefined]);
    });

    test('a record that is no JSON fails alone', async () => {
      await db.put('bad', '{');
      const processor = start(db);
      const [bad, good] = await Promise.allSettled(
        ['bad', 'good'].map((key) => processor.run(key, increment)),
      );
      expect(bad).toMatchObject({ reason: { code: 'ERR_LOAD_FAILED', cause: { name: 'SyntaxError' } } });
      expect(good).toMatchObject({ value: 1 });
    });

    test('100,000 keys are one call', { timeout: 120_000 }, async () => {
      const processor = start(db);
      const keys = Array.from({ length: 100_000 }, (_, i) => `${i}`);
      const together = new Set<number>();
      processor.subscribeBatchMetrics(({ savedTogether }) => together.add(savedTogether));
      for (const expected of [1, 2]) {
        const counts = await Promise.all(keys.map((key) => processor.run(key, increment)));
        expect(counts.every((count) => count === expected)).toBe(true);
      }
      expect([...together]).toEqual([100_000]);
    });
  });
}
