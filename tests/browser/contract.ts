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
          loadResources: (...args) => (calls.push('load'), store.loadResources(...args)),
          saveResources: (...args) => (calls.push('save'), store.saveResources(...args)),
        });
        const numbers = Array.from({ length: 1000 }, (_, i) => i);
        const lengths = await Promise.all(
          numbers.map((i) => accounts.run('alice', ({ changes }) => changes.push(i))),
        );
        const stored = await load(store, 'alice');
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
          seen.push(await load(other, 'alice'));
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
          stored: await load(store, 'alice'),
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
        return [(await load(store, 1)) === undefined, await load(store, '1')];
      });
      expect(stored).toEqual([true, 'string']);
    });

    test('Many records are read in one transaction and written in one, and one that cannot be stored fails alone', async () => {
      const page = await visitor().open();
      const result = await page.evaluate(async () => {
        const { indexedDBStore, startProcessor } = groupcommit;
        const upgrade = (database: IDBDatabase) =>
          void database.createObjectStore('accounts').createIndex('iban', 'iban', { unique: true });
        const store = indexedDBStore<{ iban?: unknown; callback?: () => void }>({
          database: 'together',
          store: 'accounts',
          version: 1,
          upgrade,
          initial: () => ({}),
        });
        const accounts = startProcessor({ ...store, lockResource: undefined, minDuration: 0 });
        const together: number[] = [];
        accounts.subscribeBatchMetrics((metric) =>
          together.push(metric.loadedTogether, metric.savedTogether),
        );

        const keys = Array.from({ length: 100 }, (_, i) => `key ${i}`);
        await Promise.all(keys.map((key) => accounts.run(key, (account) => void (account.iban = key))));
        const outcomes = await Promise.allSettled(
          keys.map((key, i) =>
            accounts.run(key, (account) => {
              account.iban = `new ${key}`;
              // One that cannot be cloned, and one that is against the index.
              if (i === 10) account.callback = () => {};
              if (i === 50) account.iban = 'new key 49';
            }),
          ),
        );
        const stored = await Promise.all(keys.map((key) => load(store, key)));
        return {
          together: [...new Set(together)],
          failures: outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason.cause.name),
          stored: stored.map(({ iban }) => iban),
        };
      });
      const failures: Record<number, string> = { 10: 'DataCloneError', 50: 'ConstraintError' };
      expect(result.together).toEqual([100]);
      expect(result.failures).toEqual(Array.from({ length: 100 }, (_, i) => failures[i] ?? false));
      expect(result.stored).toEqual(
        Array.from({ length: 100 }, (_, i) => (failures[i] ? `key ${i}` : `new key ${i}`)),
      );
    });

    test('maxDuration aborts a load that is kept waiting; a save that has begun is not given up', async () => {
      const page = await visitor().open();
      const result = await page.evaluate(async () => {
        const { indexedDBStore, startProcessor } = groupcommit;
        const store = indexedDBStore<number>({ database: 'slow', store: 'accounts' });
        await save(store, 'alice', 1);

        // A transaction of somebody else on the object store, which takes its time.
        const occupy = async (milliseconds: number) => {
          const worker = new Worker('/occupy.js');
          worker.postMessage({ database: 'slow', store: 'accounts', milliseconds });
          await new Promise((resolve) => (worker.onmessage = resolve));
        };
        const options = { ...store, minDuration: 50, maxDuration: 750 };

        await occupy(2_500);
        const error = await startProcessor(options)
          .update('alice', () => 2)
          .catch((error) => error);
        const afterwards = await load(store, 'alice');

        let wasAborted = false;
        const saved = await startProcessor({
          ...options,
          maxDuration: 2_000,
          saveResources: async (batches, call) => {
            await occupy(2_500);
            const failures = await store.saveResources(batches, call);
            wasAborted = call.signal.aborted;
            return failures;
          },
        }).update('alice', () => 3);
        const stored = await load(store, 'alice');
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
