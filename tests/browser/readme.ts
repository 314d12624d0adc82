import type { Page } from 'puppeteer-core';
import { describe, expect, test } from 'vitest';
import type { BrowserName, Visitor } from './browser.js';

/** The README's example for web apps, copied as it stands: the first batches of a page are the slowest. */
export function readmeTests(visitor: () => Visitor, name: BrowserName): void {
  /** Another app has a connection to the database, which it closes some time after the example wants to upgrade that. */
  async function delayOpening(milliseconds: number): Promise<void> {
    const page = await visitor().open();
    await page.evaluate((milliseconds) => {
      const request = indexedDB.open('shop', 1);
      return new Promise<void>((resolve) => {
        request.onsuccess = () => {
          request.result.onversionchange = () => setTimeout(() => request.result.close(), milliseconds);
          resolve();
        };
      });
    }, milliseconds);
  }

  /** Runs the example, and its change on more keys at once: how many are stored, why the first failed, and how many transactions it took. */
  const runExample = (page: Page, keys: number) =>
    page.evaluate(async (keys) => {
      const { transaction } = IDBDatabase.prototype;
      let transactions = 0;
      IDBDatabase.prototype.transaction = function (...args) {
        transactions++;
        return transaction.apply(this, args);
      };
      const example = importModule('/readme.js');
      while (!kept.started) await Promise.race([example, new Promise((resolve) => setTimeout(resolve))]);
      const runs = Array.from({ length: keys }, (_, i) =>
        kept.started.run(`key ${i}`, (cart: { items: string[] }) => void cart.items.push('apple')),
      );
      const failures = (await Promise.allSettled([example, ...runs])).filter(
        ({ status }) => status === 'rejected',
      );
      const stored = await groupcommit.indexedDBStore({ database: 'shop', store: 'carts' }).database();
      const request = stored.transaction('carts').objectStore('carts').count();
      await new Promise((resolve) => (request.onsuccess = resolve));
      return [
        request.result,
        String((failures[0] as PromiseRejectedResult | undefined)?.reason ?? 'no failure'),
        transactions,
      ];
    }, keys);

  /** Each test has a database that is new. */
  const forget = (page: Page) =>
    page.evaluate(() => new Promise((resolve) => (indexedDB.deleteDatabase('shop').onsuccess = resolve)));

  describe('The example of the README', () => {
    test('survives an open of 2 s', async () => {
      await delayOpening(2_000);
      const page = await visitor().open();
      expect(await runExample(page, 0)).toEqual([1, 'no failure', expect.any(Number)]);
      await forget(page);
    });

    test('survives 5,000 keys at once', async () => {
      const page = await visitor().open();
      const [stored, failure, transactions] = await runExample(page, 5_000);
      expect([stored, failure]).toEqual([5_001, 'no failure']);
      // Not one for each record.
      expect(transactions).toBeLessThan(1_000);
      await forget(page);
    });

    test(`survives both together${name === 'Chromium' ? ', with a CPU slowed 20 times' : ''}`, async () => {
      await delayOpening(2_000);
      const page = await visitor().open();
      if (name === 'Chromium') await page.emulateCPUThrottling(20);
      else console.log('Firefox: the CPU is not slowed, only Chromium lets a test do that');
      expect(await runExample(page, 5_000)).toEqual([5_001, 'no failure', expect.any(Number)]);
      if (name === 'Chromium') await page.emulateCPUThrottling(null);
      await forget(page);
    }, 300_000);
  });
}
