import type { Page } from 'puppeteer-core';
import { describe, expect, test } from 'vitest';
import type { Visitor } from './browser.js';

type Leave = (page: Page) => Promise<unknown>;

/** A page that is hidden, left, closed or killed in the middle of a window. */
export function pageLifeTests(visitor: () => Visitor): void {
  /** Opens a page that has changed records, in windows that stay open. */
  async function changeInOpenWindow(
    database: string,
    keys: string[],
    { flushes }: { flushes: boolean },
  ): Promise<Page> {
    const page = await visitor().open();
    await page.evaluate(
      async (database, keys, flushes) => {
        const { flushOnHide, indexedDBStore, startProcessor } = groupcommit;
        const store = indexedDBStore({ database, store: 'counters', initial: () => 0 });
        const counters = startProcessor({ ...store, minDuration: 60_000 });
        if (flushes) flushOnHide(counters);
        const change = (key: string) =>
          new Promise<void>((resolve) => {
            void counters.update(key, (count) => {
              resolve();
              return count + 1;
            });
          });
        await Promise.all(keys.map(change));
      },
      database,
      keys,
      flushes,
    );
    return page;
  }

  /** How many of the changes are there. */
  async function countSaved(database: string, keys: string[]): Promise<number> {
    const page = await visitor().open();
    return page.evaluate(
      async (database, keys) => {
        const store = groupcommit.indexedDBStore({ database, store: 'counters', initial: () => 0 });
        const counts = await Promise.all(keys.map((key) => load(store, key)));
        return counts.reduce((sum, count) => sum + count);
      },
      database,
      keys,
    );
  }

  /** How many changes are there after so many pages, each with as many records, were left like this. */
  async function savedAfter(
    how: string,
    leave: Leave,
    { tries, records = 1, flushes }: { tries: number; records?: number; flushes: boolean },
  ): Promise<number> {
    const database = `${how}, ${records} records, ${flushes ? 'with' : 'without'} flushOnHide`;
    const keys: string[] = [];
    for (let i = 0; i < tries; i++) {
      const those = Array.from({ length: records }, (_, record) => `key ${i} ${record}`);
      keys.push(...those);
      await leave(await changeInOpenWindow(database, those, { flushes }));
    }
    const saved = await countSaved(database, keys);
    console.log(`${visitor().name}: ${saved} of ${keys.length} changes are there after ${database}`);
    return saved;
  }

  const elsewhere = () => `${visitor().site.origin}/elsewhere`;
  const ways: [string, number, Leave][] = [
    ['navigation', 20, (page) => page.goto(elsewhere())],
    ['closing', 20, (page) => page.close()],
    [
      'a link',
      5,
      (page) =>
        Promise.all([page.waitForNavigation(), page.evaluate(() => void (location.href = '/elsewhere'))]),
    ],
    ['navigation to another site', 5, (page) => page.goto(visitor().site.otherOrigin)],
    ['reload', 5, (page) => page.reload()],
  ];

  describe('The life of a page', () => {
    test.each(ways)('With flushOnHide every change is there after %s', async (how, tries, leave) => {
      expect(await savedAfter(how, leave, { tries, flushes: true })).toBe(tries);
    });

    test.each(ways.slice(0, 2))(
      'With flushOnHide the changes of 100 records are there after %s',
      async (how, tries, leave) => {
        expect(await savedAfter(how, leave, { tries, records: 100, flushes: true })).toBe(tries * 100);
      },
    );

    test.each(ways.slice(0, 2))('Without it they are lost after %s', async (how, _, leave) => {
      expect(await savedAfter(how, leave, { tries: 2, flushes: false })).toBe(0);
    });

    test('A tab that is hidden flushes, and what it saved then is there after the browser was killed', async () => {
      const page = await changeInOpenWindow('hidden', ['alice'], { flushes: true });
      const other = await visitor().open();
      await other.bringToFront();
      expect(await page.evaluate(() => document.visibilityState)).toBe('hidden');
      await expect.poll(() => countSaved('hidden', ['alice'])).toBe(1);
      await visitor().killBrowser();
      expect(await countSaved('hidden', ['alice'])).toBe(1);
    });

    test('In a hidden tab, whose timers are throttled, changes are saved all the same', async () => {
      const page = await visitor().open();
      const other = await visitor().open();
      await other.bringToFront();
      const result = await page.evaluate(async () => {
        const { indexedDBStore, startProcessor } = groupcommit;
        const gap = async () => {
          const start = performance.now();
          await new Promise((resolve) => setTimeout(resolve, 100));
          return performance.now() - start;
        };
        let gaps = 0;
        // Throttling begins some timers after the tab was hidden.
        while ((await gap()) < 500 && gaps < 100) gaps++;
        const counters = startProcessor(
          indexedDBStore({ database: 'throttled', store: 'counters', initial: () => 0 }),
        );
        const start = performance.now();
        const counts: number[] = [];
        for (let i = 0; i < 3; i++) counts.push(await counters.update('alice', (count) => count + 1));
        return { visibility: document.visibilityState, throttled: performance.now() - start > 1500, counts };
      });
      expect(result).toEqual({ visibility: 'hidden', throttled: true, counts: [1, 2, 3] });
    });

    test('What was promised as saved is there after the browser was killed', async () => {
      const page = await visitor().open();
      const { notes } = visitor().site;
      notes.length = 0;
      await page.evaluate(() => {
        const { indexedDBStore, startProcessor } = groupcommit;
        const store = indexedDBStore({ database: 'killed', store: 'counters', initial: () => 0 });
        const counters = startProcessor({ ...store, minDuration: 10, maxDuration: 10_000 });
        const increment = async (): Promise<void> => {
          const count = await counters.update('alice', (count) => count + 1);
          void fetch('/notes', { method: 'POST', body: `${count}` });
          return increment();
        };
        for (let i = 0; i < 10; i++) void increment();
      });
      await expect.poll(() => notes.length, { timeout: 30_000 }).toBeGreaterThan(100);
      await visitor().killBrowser();
      const promised = Math.max(...notes.map(Number));

      const survivor = await visitor().open();
      const stored = await survivor.evaluate(() =>
        load(
          groupcommit.indexedDBStore({ database: 'killed', store: 'counters', initial: () => 0 }),
          'alice',
        ),
      );
      console.log(
        `${visitor().name}: killed after ${promised} changes were promised as saved; ${stored} are there`,
      );
      expect(stored).toBeGreaterThanOrEqual(promised);
    });

    test('A page with no batch pending goes into the back/forward cache, and works when it comes back', async () => {
      const page = await visitor().open();
      await page.evaluate(async () => {
        const { flushOnHide, indexedDBStore, startProcessor } = groupcommit;
        const counters = startProcessor({
          ...indexedDBStore({ database: 'cached', store: 'counters', initial: () => 0 }),
          minDuration: 0,
        });
        flushOnHide(counters);
        await counters.update('alice', (count) => count + 1);
        kept.counters = counters;
        addEventListener('pageshow', ({ persisted }) => (kept.persisted = persisted));
      });
      await visitor().visit(page, elsewhere());
      await page.evaluate(() => history.back());
      await expect
        .poll(() => page.evaluate(() => kept.persisted).catch(() => undefined), { timeout: 10_000 })
        .toBe(true);
      expect(await page.evaluate(() => kept.counters.update('alice', (count: number) => count + 1))).toBe(2);
    });

    test('warnOnLeave asks the visitor while runs are pending, and only then', async () => {
      const page = await visitor().open();
      await page.evaluate(() => {
        const { flushOnHide, startProcessor } = groupcommit;
        kept.saves = [];
        kept.processor = startProcessor({
          minDuration: 0,
          saveResource: () => new Promise<void>((resolve) => kept.saves.push(resolve)),
        });
        kept.unsubscribe = flushOnHide(kept.processor, { warnOnLeave: true });
        kept.asks = () => !dispatchEvent(new Event('beforeunload', { cancelable: true }));
      });
      const asks = () => page.evaluate(() => kept.asks());
      expect(await asks()).toBe(false);
      await page.evaluate(async () => {
        kept.run = kept.processor.run('alice', () => {});
        while (kept.saves.length === 0) await new Promise((resolve) => setTimeout(resolve));
      });
      expect(await asks()).toBe(true);
      await page.evaluate(() => kept.unsubscribe());
      expect(await asks()).toBe(false);
      await page.evaluate(() => (kept.saves[0](), kept.run));
    });
  });
}
