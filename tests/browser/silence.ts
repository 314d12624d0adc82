import type { Page } from 'puppeteer-core';
import { describe, expect, test } from 'vitest';
import type { Visitor } from './browser.js';

/** A database that does not answer, as in Safari 14, or after a suspension. Here it is made not to. */
export function silenceTests(visitor: () => Visitor): void {
  /** Has the next call of a method return something that never tells how it ended. */
  const silence = (page: Page, method: 'open' | 'transaction') =>
    page.evaluate((method) => {
      kept.calls = 0;
      const prototype: Record<string, (...args: unknown[]) => EventTarget> = (
        method === 'open' ? IDBFactory : IDBDatabase
      ).prototype as never;
      const original = prototype[method] as (...args: unknown[]) => EventTarget;
      prototype[method] = function (...args) {
        if (++kept.calls > 1) return original.apply(this, args);
        const made = original.apply(this, args);
        for (const event of ['success', 'error', 'blocked', 'complete', 'abort']) {
          Object.defineProperty(made, `on${event}`, { set() {} });
        }
        made.addEventListener = () => {};
        if (made instanceof IDBTransaction) {
          const store = made.objectStore('counts');
          const { get } = store;
          store.get = (key) => Object.defineProperty(get.call(store, key), 'onsuccess', { set() {} });
        }
        return made;
      };
    }, method);

  const prepare = (page: Page, database: string) =>
    page.evaluate(async (database) => {
      const { indexedDBStore } = groupcommit;
      kept.store = indexedDBStore({ database, store: 'counts', initial: () => 0 });
      kept.increment = async (options: object) => {
        const counts = groupcommit.startProcessor<number>({ ...kept.store, minDuration: 0, ...options });
        return counts
          .update('alice', (count) => count + 1)
          .catch(({ code, cause }) => `${code}: ${cause.name}: ${cause.message}`);
      };
    }, database);

  describe('A database that does not answer', () => {
    test('An attempt to open it is given up at the deadline, and the next batch begins another', async () => {
      const page = await visitor().open();
      await prepare(page, 'silent opening');
      await silence(page, 'open');
      const first = await page.evaluate(() => kept.increment({ maxDuration: 500 }));
      expect(first).toMatch(/^ERR_LOAD_FAILED: TimeoutError: The database 'silent opening' has not opened/);
      expect(await page.evaluate(() => kept.increment({}))).toBe(1);
    });

    test('A load is given up at the deadline, and the next batch opens another connection', async () => {
      const page = await visitor().open();
      await prepare(page, 'silent load');
      await page.evaluate(() => kept.increment({}));
      await silence(page, 'transaction');
      expect(await page.evaluate(() => kept.increment({ maxDuration: 500 }))).toMatch(
        /^ERR_LOAD_FAILED: TimeoutError/,
      );
      const result = await page.evaluate(async () => {
        const { open } = IDBFactory.prototype;
        let opened = 0;
        IDBFactory.prototype.open = function (...args) {
          opened++;
          return open.apply(this, args);
        };
        return [await kept.increment({}), opened];
      });
      expect(result).toEqual([2, 1]);
    });

    test('A save is given up some time after the deadline; its outcome is not known, and the key goes on', async () => {
      const page = await visitor().open();
      await prepare(page, 'silent save');
      await page.evaluate(async () => {
        await kept.increment({});
        const { saveResources } = kept.store;
        kept.puts = 0;
        const { put } = IDBObjectStore.prototype;
        IDBObjectStore.prototype.put = function (...args) {
          kept.puts++;
          return put.apply(this, args);
        };
        kept.silent = {
          saveResources: (...args: unknown[]) => {
            const { transaction } = IDBDatabase.prototype;
            IDBDatabase.prototype.transaction = function (...args) {
              IDBDatabase.prototype.transaction = transaction;
              const made = transaction.apply(this, args);
              for (const event of ['complete', 'abort'])
                Object.defineProperty(made, `on${event}`, { set() {} });
              return made;
            };
            return saveResources(...args);
          },
          // With a window the save has a transaction of its own.
          minDuration: 20,
          maxDuration: 1_000,
        };
      });
      const [first, next, puts] = await page.evaluate(async () => {
        const first = kept.increment(kept.silent);
        const next = kept.increment({});
        return [await first, await next, kept.puts];
      });
      expect(first).toMatch(/^ERR_SAVE_FAILED: TimeoutError: It is not known/);
      // The save took place all the same, and was not repeated.
      expect([next, puts]).toEqual([3, 2]);
    });

    test('close() ends the wait, for the database and for a save', async () => {
      const page = await visitor().open();
      await prepare(page, 'silent until closed');
      await silence(page, 'open');
      const opening = await page.evaluate(async () => {
        const run = kept.increment({});
        await new Promise((resolve) => setTimeout(resolve, 200));
        kept.store.close();
        return run;
      });
      expect(opening).toMatch(/^ERR_LOAD_FAILED: AbortError: .*closed/);
      expect(await page.evaluate(() => kept.increment({}))).toBe(1);
      const saving = await page.evaluate(async () => {
        const { saveResources } = kept.store;
        return kept.increment({
          saveResources: (...args: unknown[]) => {
            const saved = saveResources(...args);
            kept.store.close();
            return saved;
          },
        });
      });
      expect(saving).toMatch(/^ERR_SAVE_FAILED: AbortError: It is not known/);
    });
  });
}
