import type { Page } from 'puppeteer-core';
import { describe, expect, test } from 'vitest';
import type { Visitor } from './browser.js';

type Task = Parameters<typeof increment>[0];

/** Several tabs and workers that change the same records. */
export function lockTests(visitor: () => Visitor): void {
  const inTab = (page: Page, task: Task) => page.evaluate((task) => increment(task), task);

  const inWorker = (page: Page, task: Task) =>
    page.evaluate((task) => {
      const worker = new Worker('/worker.js', { type: 'module' });
      return new Promise<number>((resolve, reject) => {
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = ({ message }) => reject(new Error(message));
        worker.postMessage(task);
      });
    }, task);

  /** Two tabs and a worker increment as often as told, each with its own window; returns the sum that is stored in the end. */
  async function incrementTogether(
    database: string,
    { windows, keys: count, locked }: { windows: [number, number, number]; keys: number; locked: boolean },
  ): Promise<number> {
    const keys = Array.from({ length: count }, (_, i) => `key ${i}`);
    const tabs = [await visitor().open(), await visitor().open()] as const;
    const share = (place: 0 | 1 | 2, times: number) => ({
      ...{ database, keys, locked, times },
      minDuration: windows[place],
      // Whoever has no window comes back at once.
      atATime: windows[place] === 0 ? 20 : 200,
    });
    const done = await Promise.all([
      inTab(tabs[0], share(0, 3000)),
      inTab(tabs[1], share(1, 3000)),
      inWorker(tabs[1], share(2, 4000)),
    ]);
    expect(done.reduce((sum, part) => sum + part)).toBe(10_000);
    return tabs[0].evaluate(
      async (database, keys) => {
        const store = groupcommit.indexedDBStore({ database, store: 'counters', initial: () => 0 });
        const counts = await Promise.all(keys.map((key) => load(store, key)));
        return counts.reduce((sum, count) => sum + count);
      },
      database,
      keys,
    );
  }

  describe('Locks', () => {
    test.each<[number, [number, number, number]]>([
      [5, [0, 0, 0]],
      [100, [0, 50, 0]],
      [100, [50, 50, 50]],
    ])(
      'Two tabs and a worker make 10,000 increments over %i keys, with windows of %j ms, and none is lost',
      async (keys, windows) => {
        const database = `locked ${windows}`;
        expect(await incrementTogether(database, { keys, windows, locked: true })).toBe(10_000);
      },
    );

    test('Without the lock some are', async () => {
      const windows: [number, number, number] = [0, 50, 0];
      const stored = await incrementTogether('unlocked', { keys: 100, windows, locked: false });
      console.log(`${visitor().name}: ${10_000 - stored} of 10,000 increments are lost without the lock`);
      expect(stored).toBeLessThan(10_000);
    });

    test('Batches without a window have the whole store, by one lock; others their record, and a share of the store', async () => {
      const page = await visitor().open();
      const held = await page.evaluate(async () => {
        const { indexedDBStore, startProcessor } = groupcommit;
        const held: string[][] = [];
        const look = async () => {
          const { held: locks = [] } = await navigator.locks.query();
          held.push(locks.map(({ name, mode }) => `${name} ${mode}`).sort());
        };
        const store = indexedDBStore<number, string | number>({ database: 'held', store: 'counters' });
        for (const [minDuration, ...keys] of [[0, 'alice', 1, '1'] as const, [10, 'alice'] as const]) {
          const counters = startProcessor({
            ...store,
            minDuration,
            maxDuration: Infinity,
            saveResources: (...args) => look().then(() => store.saveResources(...args)),
          });
          await Promise.all(keys.map((key) => counters.update(key, () => 1)));
          await look();
        }
        return held;
      });
      const name = 'indexeddb:held/counters:';
      const whole = [`${name} exclusive`];
      expect(held).toEqual([whole, [], [`${name} shared`, `${name}"alice" exclusive`], []]);
    });

    test('Two tabs, one of them hidden, change the same record in the same moment without a window: both are saved', async () => {
      const [hidden, visible] = [await visitor().open(), await visitor().open()];
      const changeOnMessage = (page: Page) =>
        page.evaluate(() => {
          const { indexedDBStore, startProcessor } = groupcommit;
          const store = indexedDBStore({ database: 'both', store: 'counters', initial: () => 0 });
          const counters = startProcessor({ ...store, minDuration: 0, maxDuration: 1000 });
          kept.outcomes = [];
          kept.channel = new BroadcastChannel('both');
          kept.channel.onmessage = () =>
            counters
              .update('alice', (count) => count + 1)
              .then(
                () => kept.outcomes.push('saved'),
                ({ code }) => kept.outcomes.push(code),
              );
        });
      await changeOnMessage(hidden);
      await changeOnMessage(visible);
      await visible.bringToFront();
      expect(await hidden.evaluate(() => document.visibilityState)).toBe('hidden');
      const sender = await visitor().open();
      await visible.bringToFront();
      const outcomes = (page: Page) => page.evaluate(() => kept.outcomes as string[]);
      for (let i = 1; i <= 20; i++) {
        await sender.evaluate(() => new BroadcastChannel('both').postMessage('change'));
        await expect.poll(async () => (await outcomes(hidden)).length, { timeout: 10_000 }).toBe(i);
        await expect.poll(async () => (await outcomes(visible)).length, { timeout: 10_000 }).toBe(i);
      }
      expect([await outcomes(hidden), await outcomes(visible)]).toEqual([
        Array(20).fill('saved'),
        Array(20).fill('saved'),
      ]);
      const stored = await sender.evaluate(() =>
        load(groupcommit.indexedDBStore<number>({ database: 'both', store: 'counters' }), 'alice'),
      );
      expect(stored).toBe(40);
    });

    test('A lock is held while a batch is pending and no longer, whatever came of it', async () => {
      const page = await visitor().open();
      const { held, outcomes } = await page.evaluate(async () => {
        const { startProcessor, webLocks } = groupcommit;
        const held: Record<string, string[]> = {};
        const look = async (when: string) => {
          held[when] = (await navigator.locks.query()).held?.map((lock) => `${lock.name} ${lock.mode}`) ?? [];
        };
        const accounts = startProcessor<undefined, string | number>({
          minDuration: 0,
          lockResource: webLocks({ prefix: 'held:' }),
          loadResource: (key) => look(`loading ${key}`).then(() => undefined),
          saveResource: async (key) => {
            await look(`saving ${key}`);
            if (key === 2) throw new Error('disk full');
          },
        });
        const [first, second] = await Promise.allSettled([
          accounts.run('alice', () => {}),
          accounts.run(2, () => {}).finally(() => look('failed')),
        ]);
        await look('ended');
        return { held, outcomes: [first.status, second.status] };
      });
      expect(held['saving alice']).toContain('held:"alice" exclusive');
      expect(held['loading 2']).toContain('held:2 exclusive');
      expect(held['saving 2']).toContain('held:2 exclusive');
      expect(held.ended).toEqual([]);
      expect(outcomes).toEqual(['fulfilled', 'rejected']);
    });

    test('A lock that is not to be had by maxDuration ends the batch with ERR_LOCK_FAILED', async () => {
      const [first, second] = [await visitor().open(), await visitor().open()];
      await first.evaluate(() => {
        const lock = groupcommit.webLocks({ prefix: 'hogged:' });
        const { signal } = new AbortController();
        return lock('alice', { signal }).then((release) => {
          kept.release = release;
        });
      });
      const run = () =>
        second.evaluate(async () => {
          const { startProcessor, webLocks } = groupcommit;
          const calls: string[] = [];
          const accounts = startProcessor<undefined>({
            minDuration: 20,
            maxDuration: 100,
            lockResource: webLocks({ prefix: 'hogged:' }),
            loadResource: () => void calls.push('load'),
            saveResource: () => void calls.push('save'),
          });
          const error = await accounts
            .run('alice', () => {})
            .then(
              () => undefined,
              (error) => error,
            );
          return { calls, error: error && { code: error.code, phase: error.phase, cause: error.cause.name } };
        });
      expect(await run()).toEqual({
        calls: [],
        error: { code: 'ERR_LOCK_FAILED', phase: 'lock', cause: 'TimeoutError' },
      });
      await first.evaluate(() => kept.release());
      expect(await run()).toEqual({ calls: ['load', 'save'], error: undefined });
    });

    test('A tab that is left in the middle of a batch does not keep its lock from one that waits already', async () => {
      const [first, second] = [await visitor().open(), await visitor().open()];
      await first.evaluate(async () => {
        const { signal } = new AbortController();
        await groupcommit.webLocks({ prefix: 'left:' })('alice', { signal });
      });
      await second.evaluate(() => {
        const { startProcessor, webLocks } = groupcommit;
        const lockResource = webLocks({ prefix: 'left:' });
        kept.run = startProcessor({ lockResource, minDuration: 0 }).run('alice', () => 'done');
      });
      const waits = () =>
        second.evaluate(async () =>
          (await navigator.locks.query()).pending?.some((l) => l.name === 'left:"alice"'),
        );
      await expect.poll(waits, { timeout: 10_000 }).toBe(true);
      // By a link, so that it may go into the back/forward cache.
      await first.evaluate(() => void (location.href = '/elsewhere'));
      await expect
        .poll(() => first.evaluate(() => location.pathname).catch(() => ''), { timeout: 10_000 })
        .toBe('/elsewhere');
      expect(await second.evaluate(() => kept.run)).toBe('done');
    });

    test('A tab that is closed in the middle of a batch releases its locks', async () => {
      const [first, second] = [await visitor().open(), await visitor().open()];
      await first.evaluate(async () => {
        const { startProcessor, webLocks } = groupcommit;
        let loaded!: () => void;
        const loading = new Promise<void>((resolve) => (loaded = resolve));
        const accounts = startProcessor({
          lockResource: webLocks({ prefix: 'closed:' }),
          loadResource: loaded,
          minDuration: 60_000,
        });
        void accounts.run('alice', () => {});
        await loading;
      });
      const run = second.evaluate(async () => {
        const { startProcessor, webLocks } = groupcommit;
        const accounts = startProcessor({
          lockResource: webLocks({ prefix: 'closed:' }),
          minDuration: 0,
          maxDuration: 30_000,
        });
        return accounts.run('alice', () => 'done');
      });
      await first.close();
      expect(await run).toBe('done');
    });
  });
}
