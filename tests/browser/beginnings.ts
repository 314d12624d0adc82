import { describe, expect, test } from 'vitest';
import type { BrowserName, Visitor } from './browser.js';

/** The first batches of a page: what there is to open, to lock and to read. */
export function beginningTests(visitor: () => Visitor, name: BrowserName): void {
  describe('The beginning', () => {
    test('A page that is prerendered saves when it is shown, however long that takes', async ({ skip }) => {
      skip(name !== 'Chromium', 'only Chromium prerenders pages');
      const page = await visitor().open();
      const { notes } = visitor().site;
      await page.evaluate(() => {
        const rules = document.createElement('script');
        rules.type = 'speculationrules';
        rules.textContent = JSON.stringify({ prerender: [{ urls: ['/early'], eagerness: 'immediate' }] });
        document.head.append(rules);
      });
      await expect.poll(() => notes, { timeout: 10_000 }).toContain('early: prerendering');
      // Longer than the maxDuration that the page has.
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      expect(notes.filter((note) => note.startsWith('early: '))).toEqual(['early: prerendering']);
      await page.evaluate(() => void (location.href = '/early'));
      await expect.poll(() => notes, { timeout: 10_000 }).toContain('early: saved 1, shown');
    });

    test('A secure page without Web Locks refuses, unless it is told to do without', async () => {
      const page = await visitor().open();
      const outcomes = await page.evaluate(async () => {
        Object.defineProperty(navigator, 'locks', { value: undefined });
        const { indexedDBStore, startProcessor } = groupcommit;
        const store = indexedDBStore({ database: 'without locks', store: 'counts', initial: () => 0 });
        const run = (options: object) =>
          startProcessor<number>({ ...store, ...options, minDuration: 0 })
            .update('alice', (count) => count + 1)
            .catch(({ code, cause }) => `${code}: ${cause.message}`);
        return [isSecureContext, await run({}), await run({ lockResource: undefined })];
      });
      expect(outcomes).toEqual([true, expect.stringMatching(/^ERR_LOCK_FAILED: .*Web Locks/), 1]);
    });

    test('In a frame that may not store anything every batch fails with a SecurityError', async () => {
      const page = await visitor().open();
      const outcomes = await page.evaluate(() => {
        const frame = document.createElement('iframe');
        frame.sandbox.add('allow-scripts');
        frame.srcdoc = `<script type="module">
          import '/page.js';
          const { indexedDBStore, startProcessor } = groupcommit;
          const store = indexedDBStore({ database: 'sandboxed', store: 'counts', initial: () => 0 });
          const run = (options) => startProcessor({ ...store, ...options, minDuration: 0 })
            .update('alice', (count) => count + 1)
            .catch(({ code, cause }) => code + ': ' + cause.name + ': ' + cause.message);
          parent.postMessage([await run({}), await run({ lockResource: undefined })], '*');
        </script>`;
        document.body.append(frame);
        return new Promise<string[]>((resolve) => {
          addEventListener('message', ({ data }) => resolve(data));
        });
      });
      expect(outcomes).toEqual([
        expect.stringMatching(/^ERR_LOCK_FAILED: SecurityError: ./),
        expect.stringMatching(/^ERR_LOAD_FAILED: SecurityError: ./),
      ]);
    });

    test('An object store with a keyPath fails at the first load, by name', async () => {
      const page = await visitor().open();
      const error = await page.evaluate(async () => {
        const { indexedDBStore, startProcessor } = groupcommit;
        const upgrade = (database: IDBDatabase) =>
          void database.createObjectStore('carts', { keyPath: 'id' });
        const store = indexedDBStore<object>({ database: 'key path', store: 'carts', version: 1, upgrade });
        return startProcessor<object | undefined>({ ...store, minDuration: 0 })
          .update('alice', () => ({ id: 1 }))
          .catch(({ code, cause }) => `${code}: ${cause.name}: ${cause.message}`);
      });
      expect(error).toMatch(/^ERR_LOAD_FAILED: DataError: The object store 'carts' has the keyPath 'id'/);
    });

    test('Instances of a class stay so, and records of an older shape become what they are today', async () => {
      const page = await visitor().open();
      const result = await page.evaluate(async () => {
        const { indexedDBStore, startProcessor } = groupcommit;
        const place = { database: 'classes', store: 'carts' };
        await save(indexedDBStore<unknown>(place), 'alice', ['apple']);
        class Cart {
          constructor(readonly items: string[] = []) {}
          add = (item: string) => this.items.push(item);
        }
        const store = indexedDBStore({
          ...place,
          initial: () => new Cart(),
          decode: (record) => new Cart(Array.isArray(record) ? record : (record as Cart).items),
          encode: ({ items }) => ({ items }),
        });
        const carts = startProcessor({ ...store, minDuration: 0 });
        for (const key of ['alice', 'bob']) {
          for (const item of ['pear', 'plum']) await carts.run(key, (cart) => cart.add(item));
        }
        return Promise.all(['alice', 'bob'].map((key) => load(indexedDBStore<unknown>(place), key)));
      });
      expect(result).toEqual([{ items: ['apple', 'pear', 'plum'] }, { items: ['pear', 'plum'] }]);
    });

    test('For a first paint, a read waits for no window, and database() for no lock', async () => {
      const [first, second] = [await visitor().open(), await visitor().open()];
      const seen = await first.evaluate(async () => {
        const { indexedDBStore, startProcessor } = groupcommit;
        const store = indexedDBStore({ database: 'first paint', store: 'counts', initial: () => 0 });
        await save(store, 'alice', 5);
        const counts = startProcessor({ ...store, minDuration: 60_000 });
        const seen = await counts.read('alice', (count) => count);
        await new Promise<void>((ran) => {
          counts.update('alice', (count) => {
            ran();
            return count + 1;
          });
        });
        return seen;
      });
      // The first tab has the lock now.
      const read = await second.evaluate(async () => {
        const store = groupcommit.indexedDBStore<number>({ database: 'first paint', store: 'counts' });
        const connection = await store.database();
        const request = connection.transaction('counts').objectStore('counts').getAll();
        await new Promise((resolve) => (request.onsuccess = resolve));
        return request.result;
      });
      expect([seen, read]).toEqual([5, [5]]);
    });
  });
}
