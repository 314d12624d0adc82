import type { Page } from 'puppeteer-core';
import { describe, expect, test } from 'vitest';
import type { Visitor } from './browser.js';

/** How often what is left to chance is tried. */
const rounds = Number(process.env.GROUPCOMMIT_ROUNDS ?? 3);

/** Pages that stay hidden, and pages with many processors. */
export function hiddenTests(visitor: () => Visitor): void {
  /** Has the tab change a record whenever it hears of it, and tell what has come of it. */
  const listen = (page: Page, database: string) =>
    page.evaluate((database) => {
      const { flushOnHide, indexedDBStore, startProcessor } = groupcommit;
      const counters = startProcessor(
        indexedDBStore({ database, store: 'counters', initial: () => ({ count: 0 }) }),
      );
      flushOnHide(counters);
      kept.outcomes = [];
      kept.channel = new BroadcastChannel(database);
      kept.channel.onmessage = () =>
        counters
          .run('alice', (counter) => void counter.count++)
          .then(
            () => kept.outcomes.push('saved'),
            (error: Error) => kept.outcomes.push(`${error} because of ${error.cause}`),
          );
    }, database);

  /** Waits until the page's timers are throttled, which begins some time after it was hidden. */
  const throttled = (page: Page) =>
    page.evaluate(async () => {
      for (let tries = 0; tries < 100; tries++) {
        const start = performance.now();
        await new Promise((resolve) => setTimeout(resolve, 100));
        if (performance.now() - start > 500) return true;
      }
      return false;
    });

  describe('A hidden page', () => {
    test('Two tabs hear the same message, one of them hidden, and change the same record: both are saved', async () => {
      const [hidden, visible] = [await visitor().open(), await visitor().open()];
      for (const page of [hidden, visible]) await listen(page, 'heard');
      await visible.bringToFront();
      expect(await throttled(hidden)).toBe(true);
      for (let round = 1; round <= rounds; round++) {
        await visible.evaluate(() => {
          const channel = new BroadcastChannel('heard');
          channel.postMessage('change');
          channel.close();
        });
        const heard = (page: Page) => page.evaluate(() => kept.outcomes.length);
        for (const page of [hidden, visible])
          await expect.poll(() => heard(page), { timeout: 30_000 }).toBe(round);
      }
      const outcomes = [hidden, visible].map((page) => page.evaluate(() => kept.outcomes));
      expect((await Promise.all(outcomes)).flat()).toEqual(Array(2 * rounds).fill('saved'));
      const stored = await visible.evaluate(() =>
        load(
          groupcommit.indexedDBStore({
            database: 'heard',
            store: 'counters',
            initial: () => ({ count: 0 }),
          }),
          'alice',
        ),
      );
      expect(stored).toEqual({ count: 2 * rounds });
    });

    test('Changes of one turn are one batch all the same, and those of a page that is shown again wait for their window', async () => {
      const [page, other] = [await visitor().open(), await visitor().open()];
      await other.bringToFront();
      await page.evaluate(() => {
        const { flushOnHide, startProcessor } = groupcommit;
        kept.saves = [];
        kept.counters = startProcessor({
          minDuration: 60_000,
          loadResource: async () => ({ count: 0 }),
          saveResource: (key, { count }) => void kept.saves.push(`${key}: ${count}`),
        });
        kept.unsubscribe = flushOnHide(kept.counters);
        kept.change = (key: string) =>
          kept.counters.run(key, (counter: { count: number }) => counter.count++);
      });
      const saves = () => page.evaluate(() => kept.saves);
      await page.evaluate(() => Promise.all([1, 2, 3].map(() => kept.change('hidden'))));
      expect(await saves()).toEqual(['hidden: 3']);

      await page.bringToFront();
      await page.evaluate(() => void kept.change('shown'));
      expect(await page.evaluate(() => [kept.counters.pending, kept.counters.flushesAtOnce])).toEqual([
        1,
        false,
      ]);
      await other.bringToFront();
      await expect.poll(saves).toEqual(['hidden: 3', 'shown: 1']);

      await page.evaluate(() => {
        kept.unsubscribe();
        void kept.change('later');
      });
      expect(await page.evaluate(() => [kept.counters.pending, kept.counters.flushesAtOnce])).toEqual([
        1,
        false,
      ]);
    });
  });

  describe('A page with 40 processors', () => {
    test('saves the changes of all when it is closed', async () => {
      for (let round = 0; round < rounds; round++) {
        const page = await visitor().open();
        await page.evaluate(async (round) => {
          const { flushOnHide, indexedDBStore, startProcessor } = groupcommit;
          const changed = Array.from({ length: 40 }, (_, i) => {
            const store = indexedDBStore({ database: 'forty', store: 'counters', initial: () => 0 });
            const counters = startProcessor({ ...store, minDuration: 60_000 });
            flushOnHide(counters);
            return new Promise<void>((resolve) => {
              void counters.update(`${round}/${i}`, (count) => (resolve(), count + 1));
            });
          });
          await Promise.all(changed);
        }, round);
        await page.close();
      }

      const survivor = await visitor().open();
      const saved = () =>
        survivor.evaluate(async (rounds) => {
          const store = groupcommit.indexedDBStore({
            database: 'forty',
            store: 'counters',
            initial: () => 0,
          });
          const sum = async (round: number) => {
            const counts = await Promise.all(
              Array.from({ length: 40 }, (_, i) => load(store, `${round}/${i}`)),
            );
            return counts.reduce((sum, count) => sum + count);
          };
          const sums = await Promise.all(Array.from({ length: rounds }, (_, round) => sum(round)));
          store.close();
          return sums;
        }, rounds);
      // What a process that ends has sent may arrive after it.
      await expect.poll(saved, { timeout: 10_000 }).toEqual(Array(rounds).fill(40));
    });
  });
}
