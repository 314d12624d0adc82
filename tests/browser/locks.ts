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

  /** Two tabs and a worker increment as often as told; returns the sum that is stored in the end. */
  async function incrementTogether(
    times: number,
    options: Pick<Task, 'database' | 'locked'>,
  ): Promise<number> {
    const keys = ['alice', 'bob', 'carol', 'dave', 'eve'];
    const tabs = [await visitor().open(), await visitor().open()] as const;
    const share = (part: number) => ({ keys, times: part, atATime: 20, ...options });
    const done = await Promise.all([
      inTab(tabs[0], share(times * 0.3)),
      inTab(tabs[1], share(times * 0.3)),
      inWorker(tabs[1], share(times * 0.4)),
    ]);
    expect(done.reduce((sum, part) => sum + part)).toBe(times);
    return tabs[0].evaluate(
      async (database, keys) => {
        const store = groupcommit.indexedDBStore({ database, store: 'counters', initial: () => 0 });
        const counts = await Promise.all(keys.map((key) => load(store, key)));
        return counts.reduce((sum, count) => sum + count);
      },
      options.database,
      keys,
    );
  }

  describe('Locks', () => {
    test('Two tabs and a worker make 10,000 increments, and none is lost', async () => {
      expect(await incrementTogether(10_000, { database: 'locked', locked: true })).toBe(10_000);
    });

    test('Without the lock some are', async () => {
      const stored = await incrementTogether(10_000, { database: 'unlocked', locked: false });
      console.log(`${visitor().name}: ${10_000 - stored} of 10,000 increments are lost without the lock`);
      expect(stored).toBeLessThan(10_000);
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
