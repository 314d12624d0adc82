import type { Page } from 'puppeteer-core';
import { describe, expect, test } from 'vitest';
import type { BrowserName, Visitor } from './browser.js';

/** Other tabs that upgrade or delete the database, or are in the way of an upgrade. */
export function upgradeTests(visitor: () => Visitor, name: BrowserName): void {
  /** Opens a tab with a batch that is loaded, in a window that stays open. */
  async function openBatch(database: string, version?: number): Promise<Page> {
    const page = await visitor().open();
    await page.evaluate(
      async (database, version) => {
        const { indexedDBStore, startProcessor } = groupcommit;
        kept.store = indexedDBStore({ database, store: 'counts', version, initial: () => 0 });
        kept.counts = startProcessor({ ...kept.store, minDuration: 50_000 });
        kept.outcome = 'pending';
        await new Promise<void>((ran) => {
          kept.counts
            .update('alice', (count: number) => {
              ran();
              return count + 1;
            })
            .then(
              (count: number) => (kept.outcome = count),
              ({ cause }: { cause: Error }) => (kept.outcome = `${cause.name}: ${cause.message}`),
            );
        });
      },
      database,
      version,
    );
    return page;
  }

  /** Upgrades a database, or deletes it, in another tab. Resolves when that has to wait, or is done. */
  async function change(page: Page, database: string, version?: number): Promise<string> {
    return page.evaluate(
      (database, version) => {
        const request = version ? indexedDB.open(database, version) : indexedDB.deleteDatabase(database);
        return new Promise<string>((resolve, reject) => {
          request.onblocked = () => resolve('blocked');
          request.onerror = () => reject(request.error);
          kept.changed = new Promise<string>((done) => {
            request.onsuccess = () => {
              request.result?.close();
              done('done');
            };
          });
          kept.changed.then(resolve);
        });
      },
      database,
      version,
    );
  }

  const stored = (page: Page, database: string) =>
    page.evaluate(async (database) => {
      if (!(await indexedDB.databases()).some(({ name }) => name === database)) return 'no database';
      const store = groupcommit.indexedDBStore<number>({ database, store: 'counts' });
      return load(store, 'alice').finally(store.close);
    }, database);

  describe('Upgrades', () => {
    test('A batch that is loaded is saved before another tab upgrades the database; what comes later opens the new version', async () => {
      const old = await openBatch('upgraded in time');
      const other = await visitor().open();
      expect(await change(other, 'upgraded in time', 7)).toBe('blocked');
      await old.evaluate(() => {
        kept.later = kept.counts.update('bob', (count: number) => count + 10);
      });
      await old.evaluate(() => kept.counts.flush('alice'));
      expect(await old.evaluate(() => kept.outcome)).toBe(1);
      expect(await other.evaluate(() => kept.changed)).toBe('done');
      expect(await stored(other, 'upgraded in time')).toBe(1);
      expect(await old.evaluate(() => (kept.counts.flush(), kept.later))).toBe(10);
    });

    test('With a lower version what comes later fails with a VersionError, and what was loaded is saved', async () => {
      const old = await openBatch('upgraded for good', 1);
      const other = await visitor().open();
      expect(await change(other, 'upgraded for good', 2)).toBe('blocked');
      await old.evaluate(() => kept.counts.flush());
      expect(await old.evaluate(() => kept.outcome)).toBe(1);
      expect(await other.evaluate(() => kept.changed)).toBe('done');
      const later = await old.evaluate(() =>
        kept.counts.update('bob', () => 1).catch(({ cause }: { cause: Error }) => cause.name),
      );
      expect(later).toBe('VersionError');
    });

    test('An upgrade that another tab blocks says so, in a callback and at the deadline', async () => {
      const [stubborn, page] = [await visitor().open(), await visitor().open()];
      await stubborn.evaluate(() => {
        const request = indexedDB.open('blocked', 1);
        request.onupgradeneeded = () => request.result.createObjectStore('others');
        return new Promise<void>(
          (resolve) => (request.onsuccess = () => resolve(void (kept.database = request.result))),
        );
      });
      const result = await page.evaluate(async () => {
        const calls: number[][] = [];
        const { indexedDBStore, startProcessor } = groupcommit;
        kept.store = indexedDBStore({
          database: 'blocked',
          store: 'counts',
          initial: () => 0,
          blocked: (...versions) => void calls.push(versions),
        });
        const counts = startProcessor<number>({ ...kept.store, minDuration: 0, maxDuration: 2_000 });
        const error = await counts.update('alice', (count) => count + 1).catch((error) => error);
        return { calls, code: error.code, name: error.cause?.name, message: error.cause?.message };
      });
      expect(result).toEqual({
        calls: [[1, 2]],
        code: 'ERR_LOAD_FAILED',
        name: 'TimeoutError',
        message: expect.stringContaining('upgrade from version 1 to 2 is blocked'),
      });
      // As soon as it is unblocked, batches are saved again.
      const next = page.evaluate(() =>
        groupcommit
          .startProcessor<number>({ ...kept.store, minDuration: 0 })
          .update('alice', (count) => count + 1),
      );
      await stubborn.evaluate(() => kept.database.close());
      expect(await next).toBe(1);
    });

    test('After another tab has deleted the database, the batches under way fail, and make nothing anew', async () => {
      const old = await openBatch('deleted');
      const other = await visitor().open();
      expect(await change(other, 'deleted')).toBe('done');
      await old.evaluate(() => kept.counts.flush());
      expect(await old.evaluate(() => kept.outcome)).toMatch(/^AbortError: .*deleted/);
      expect(await stored(other, 'deleted')).toBe('no database');
      const later = await old.evaluate(() => {
        const run = kept.counts.update('alice', (count: number) => count + 1);
        void kept.counts.flush();
        return run;
      });
      expect(later).toBe(1);
    });

    test('also when the browser has cleared all that the site has stored', async () => {
      const old = await openBatch('cleared away');
      await old.evaluate(() => fetch('/clear').then((response) => response.text()));
      await old.evaluate(() => kept.counts.flush());
      expect(await old.evaluate(() => kept.outcome)).toMatch(/^AbortError: .*deleted/);
      expect(await stored(old, 'cleared away')).toBe('no database');
    });

    test('A tab that is frozen is in nobody’s way', async ({ skip }) => {
      skip(name !== 'Chromium', 'only Chromium freezes pages, and tells them');
      const frozen = await openBatch('frozen');
      await frozen.evaluate(() => kept.counts.flush());
      const other = await visitor().open();
      const session = await frozen.createCDPSession();
      await session.send('Page.setWebLifecycleState', { state: 'frozen' });
      expect(await change(other, 'frozen', 7)).toBe('done');
      await session.send('Page.setWebLifecycleState', { state: 'active' });
      await frozen.bringToFront();
      const run = frozen.evaluate(() => {
        const run = kept.counts.update('alice', (count: number) => count + 1);
        void kept.counts.flush();
        return run;
      });
      expect(await run).toBe(2);
    });
  });
}
