import { describe, expect, test } from 'vitest';
import type { BrowserName, Visitor } from './browser.js';

/** What happens to a database beside loads and saves. */
export function connectionTests(visitor: () => Visitor, name: BrowserName): void {
  describe('The connection', () => {
    test('When the browser closes it, before or under way, the batches go on with a new one', async () => {
      const page = await visitor().open();
      const result = await page.evaluate(async () => {
        const { indexedDBStore, startProcessor } = groupcommit;
        const store = indexedDBStore({ database: 'cleared', store: 'accounts', initial: () => 0 });
        const accounts = startProcessor({ ...store, minDuration: 0 });
        await accounts.update('alice', (count) => count + 1);

        // The browser deletes all that the site has stored, and with it closes the connection.
        await fetch('/clear');
        const afterwards = await accounts.update('alice', (count) => count + 1);

        // Again and again under way: each change is saved, or its caller learns that the connection was lost.
        const outcomes: string[] = [];
        let last = 0;
        for (let i = 0; i < 5; i++) {
          let cleared = false;
          const clearing = fetch('/clear').then(() => (cleared = true));
          while (!cleared) {
            await accounts
              .update('alice', (count) => count + 1)
              .then(
                () => outcomes.push('saved'),
                ({ cause }) => outcomes.push(`${cause.name}: ${cause.message}`),
              );
            await new Promise((resolve) => setTimeout(resolve));
          }
          await clearing;
          // Once that is over, nothing is lost any more.
          last = await accounts.update('alice', (count) => count + 1);
        }
        return {
          afterwards,
          outcomes,
          last,
          stored: await load(store, 'alice'),
        };
      });
      expect(result.afterwards).toBe(1);
      const failures = result.outcomes.filter((outcome) => outcome !== 'saved');
      console.log(
        `${name}: ${failures.length} of ${result.outcomes.length} batches failed while the site was cleared`,
      );
      for (const failure of failures) expect(failure).toMatch(/^AbortError: ./);
      expect(result.last).toBeGreaterThan(0);
      expect(result.stored).toBe(result.last);
    });

    test('When another tab upgrades the database, it does not have to wait, and both go on', async () => {
      const [first, second] = [await visitor().open(), await visitor().open()];
      await first.evaluate(async () => {
        const { indexedDBStore, startProcessor } = groupcommit;
        const store = indexedDBStore({ database: 'upgraded', store: 'accounts', initial: () => 0 });
        kept.accounts = startProcessor({ ...store, minDuration: 0 });
        await kept.accounts.update('alice', (count: number) => count + 1);
      });
      const seen = await second.evaluate(async () => {
        const { indexedDBStore, startProcessor } = groupcommit;
        const store = indexedDBStore({
          database: 'upgraded',
          store: 'accounts',
          version: 2,
          upgrade: (database) => void database.createObjectStore('carts'),
          initial: () => 0,
        });
        return startProcessor({ ...store, minDuration: 0 }).update('alice', (count) => count + 1);
      });
      expect(seen).toBe(2);
      expect(await first.evaluate(() => kept.accounts.update('alice', (count: number) => count + 1))).toBe(3);
    });

    test('A tab that asks for an older version than another has made fails with the reason', async () => {
      const page = await visitor().open();
      const error = await page.evaluate(async () => {
        const { indexedDBStore, startProcessor } = groupcommit;
        const accounts = (version: number) =>
          startProcessor<number | undefined>({
            ...indexedDBStore<number>({ database: 'versions', store: 'accounts', version }),
            minDuration: 0,
          });
        const old = accounts(1);
        await old.update('alice', () => 1);
        await accounts(2).update('alice', () => 2);
        const error = await old.update('alice', () => 3).catch((error) => error);
        return { code: error.code, name: error.cause?.name, message: error.cause?.message };
      });
      expect(error).toEqual({
        code: 'ERR_LOAD_FAILED',
        name: 'VersionError',
        message: expect.stringMatching(/./),
      });
    });
  });
}
