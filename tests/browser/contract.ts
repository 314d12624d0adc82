import { describe, expect, test } from 'vitest';
import type { Visitor } from './browser.js';

/** The core of what the package promises, against a real IndexedDB. */
export function contractTests(visitor: () => Visitor): void {
  describe('The contract', () => {
    test('A record is loaded once, every change runs on it in turn, and it is saved once', async () => {
      const page = await visitor().open();
      const result = await page.evaluate(async () => {
        const { indexedDBStore, startProcessor } = groupcommit;
        const store = indexedDBStore({
          database: 'once',
          store: 'accounts',
          initial: () => ({ changes: [] as number[] }),
        });
        const calls: string[] = [];
        const accounts = startProcessor({
          ...store,
          minDuration: 20,
          maxDuration: 10_000,
          loadResource: (...args) => (calls.push('load'), store.loadResource(...args)),
          saveResource: (...args) => (calls.push('save'), store.saveResource(...args)),
        });
        const numbers = Array.from({ length: 1000 }, (_, i) => i);
        const lengths = await Promise.all(
          numbers.map((i) => accounts.run('alice', ({ changes }) => changes.push(i))),
        );
        const stored = await store.loadResource('alice', new AbortController());
        return { calls, lengths, changes: stored.changes, pending: accounts.pending };
      });
      const numbers = Array.from({ length: 1000 }, (_, i) => i);
      expect(result.calls).toEqual(['load', 'save']);
      expect(result.changes).toEqual(numbers);
      expect(result.lengths).toEqual(numbers.map((i) => i + 1));
      expect(result.pending).toBe(0);
    });

    test('A promise resolves after its change can be read by another connection', async () => {
      const page = await visitor().open();
      const seen = await page.evaluate(async () => {
        const { indexedDBStore, startProcessor } = groupcommit;
        const options = { database: 'visible', store: 'accounts', initial: () => 0 };
        const accounts = startProcessor({ ...indexedDBStore(options), minDuration: 0 });
        const other = indexedDBStore(options);
        const seen: number[] = [];
        for (let i = 0; i < 20; i++) {
          await accounts.update('alice', (count) => count + 1);
          seen.push(await other.loadResource('alice', new AbortController()));
        }
        return seen;
      });
      expect(seen).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    });

    test('An operation that throws rejects its own caller only; a save that fails rejects all, and nothing is stored', async () => {
      const page = await visitor().open();
      const result = await page.evaluate(async () => {
        const { indexedDBStore, startProcessor } = groupcommit;
        const store = indexedDBStore<{ balance: number; callback?: () => void }>({
          database: 'failures',
          store: 'accounts',
          initial: () => ({ balance: 0 }),
        });
        const accounts = startProcessor({ ...store, minDuration: 5, maxDuration: 10_000 });
        const overdraft = new Error('overdraft');
        const first = await Promise.allSettled([
          accounts.run('alice', (account) => (account.balance += 1)),
          accounts.run('alice', () => {
            throw overdraft;
          }),
          accounts.run('alice', (account) => (account.balance += 1)),
        ]);
        const second = await Promise.allSettled([
          accounts.run('alice', (account) => (account.balance += 1)),
          accounts.run('alice', (account) => void (account.callback = () => {})),
        ]);
        const reasons = second.map((outcome) => outcome.status === 'rejected' && outcome.reason);
        return {
          first: first.map((outcome) =>
            outcome.status === 'fulfilled' ? outcome.value : outcome.reason === overdraft,
          ),
          codes: reasons.map((reason) => reason.code),
          cause: reasons[0].cause instanceof Error && `${reasons[0].cause.name}: ${reasons[0].cause.message}`,
          stored: await store.loadResource('alice', new AbortController()),
        };
      });
      expect(result.first).toEqual([1, true, 2]);
      expect(result.codes).toEqual(['ERR_SAVE_FAILED', 'ERR_SAVE_FAILED']);
      expect(result.cause).toMatch(/^DataCloneError: .*'alice'/);
      expect(result.stored).toEqual({ balance: 2 });
    });

    test('update to undefined deletes the record; 1 and "1" are different keys', async () => {
      const page = await visitor().open();
      const stored = await page.evaluate(async () => {
        const { indexedDBStore, startProcessor } = groupcommit;
        const store = indexedDBStore<string, string | number>({ database: 'keys', store: 'accounts' });
        const accounts = startProcessor<string | undefined, string | number>({ ...store, minDuration: 0 });
        await Promise.all([accounts.update(1, () => 'number'), accounts.update('1', () => 'string')]);
        await accounts.update(1, () => undefined);
        const load = (key: string | number) => store.loadResource(key, new AbortController());
        return [(await load(1)) === undefined, await load('1')];
      });
      expect(stored).toEqual([true, 'string']);
    });

    test('maxDuration aborts a load that is kept waiting; a save that has begun is not given up', async () => {
      const page = await visitor().open();
      const result = await page.evaluate(async () => {
        const { indexedDBStore, startProcessor } = groupcommit;
        const store = indexedDBStore<number>({ database: 'slow', store: 'accounts' });
        await store.saveResource('alice', 1, new AbortController());

        // A transaction of somebody else on the object store, which takes its time.
        const occupy = async (milliseconds: number) => {
          const worker = new Worker('/occupy.js');
          worker.postMessage({ database: 'slow', store: 'accounts', milliseconds });
          await new Promise((resolve) => (worker.onmessage = resolve));
        };
        const options = { ...store, minDuration: 50, maxDuration: 150 };

        await occupy(500);
        const error = await startProcessor(options)
          .update('alice', () => 2)
          .catch((error) => error);
        const afterwards = await store.loadResource('alice', new AbortController());

        let wasAborted = false;
        const saved = await startProcessor({
          ...options,
          maxDuration: 400,
          saveResource: async (key, balance, context) => {
            await occupy(500);
            await store.saveResource(key, balance, context);
            wasAborted = context.signal.aborted;
          },
        }).update('alice', () => 3);
        const stored = await store.loadResource('alice', new AbortController());
        return { code: error.code, cause: error.cause?.name, afterwards, wasAborted, saved, stored };
      });
      expect(result).toEqual({
        code: 'ERR_LOAD_FAILED',
        cause: 'TimeoutError',
        afterwards: 1,
        wasAborted: true,
        saved: 3,
        stored: 3,
      });
    });
  });
}
