import type { Page } from 'puppeteer-core';
import { describe, expect, test } from 'vitest';
import { type BrowserName, Visitor } from './browser.js';

/** A site that has used up its space. */
export function quotaTests(visitor: () => Visitor, name: BrowserName): void {
  /** Saves too much, and then little. */
  const exceed = (page: Page) =>
    page.evaluate(async () => {
      const { indexedDBStore, startProcessor } = groupcommit;
      const store = indexedDBStore({ database: 'quota', store: 'blobs', initial: () => new Uint8Array() });
      const blobs = startProcessor({ ...store, minDuration: 0 });
      // Random, since browsers compress what they store.
      const random = (length: number) => {
        const bytes = new Uint8Array(length);
        for (let i = 0; i < length; i += 65_536) crypto.getRandomValues(bytes.subarray(i, i + 65_536));
        return bytes;
      };
      await blobs.update('alice', () => random(1000));
      let puts = 0;
      const { put } = IDBObjectStore.prototype;
      IDBObjectStore.prototype.put = function (...args) {
        puts++;
        return put.apply(this, args);
      };
      const error = await blobs.update('alice', () => random(10_000_000)).catch((error) => error);
      const { code, cause } = error;
      const putsOfTooMuch = puts;
      const { length } = await blobs.update('alice', ({ length }) => random(length + 1));
      const isError = cause instanceof Error;
      return { code, isError, name: cause?.name, message: cause?.message, putsOfTooMuch, length };
    });

  describe('The quota', () => {
    test('One that is exceeded rejects the batch with the reason, after one attempt, and the next one is saved', async () => {
      expect(await (name === 'Chromium' ? inChromium() : inFirefox())).toEqual({
        code: 'ERR_SAVE_FAILED',
        isError: true,
        name: 'QuotaExceededError',
        message: expect.stringMatching(/./),
        putsOfTooMuch: 1,
        length: 1001,
      });
    });

    async function inChromium() {
      // Chromium remembers for a while how much space a site has left: this one has not stored anything yet.
      const origin = visitor().site.otherOrigin;
      const page = await visitor().open(origin);
      const session = await page.createCDPSession();
      await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1_000_000 });
      return exceed(page);
    }

    /** Firefox has a quota for all sites together, in KB, that is a preference. */
    async function inFirefox() {
      const other = await Visitor.arrive('Firefox', {
        'dom.quotaManager.temporaryStorage.fixedLimit': 5_000,
      });
      try {
        return await exceed(await other.open());
      } finally {
        await other.leave();
      }
    }
  });
}
