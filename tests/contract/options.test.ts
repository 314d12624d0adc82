import { startProcessor } from 'groupcommit';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { heldStore, noop, open, settleDown, watch } from './support.js';

afterEach(() => {
  vi.useRealTimers();
});

describe('Options', () => {
  describe('minDuration (ms)', () => {
    test.each([1, 5, 20, 50])('every batch stays open at least this long (%d ms)', async (minDuration) => {
      const saved: number[] = [];
      const accounts = startProcessor<object>({
        minDuration,
        loadResource: () => ({}),
        saveResource: () => {
          saved.push(performance.now());
        },
      });
      for (let batch = 0; batch < 8; batch++) {
        const started = performance.now();
        await accounts.run('alice', () => {});
        expect((saved[batch] as number) - started).toBeGreaterThanOrEqual(minDuration);
      }
    });

    test('The default is 100', async () => {
      vi.useFakeTimers();
      const { saves, ...store } = heldStore<object>();
      const accounts = startProcessor<object>({ ...store, loadResource: () => ({}) });
      watch(accounts.run('alice', () => {}));
      await settleDown();
      await vi.advanceTimersByTimeAsync(99);
      expect(saves).toHaveLength(0);
      await vi.advanceTimersByTimeAsync(1);
      expect(saves).toHaveLength(1);
    });

    test('0 is allowed', async () => {
      const accounts = startProcessor<number>({ minDuration: 0, loadResource: () => 7 });
      expect(await accounts.run('alice', (value) => value)).toBe(7);
    });

    test('undefined stands for the default, in every option', async () => {
      const accounts = startProcessor({
        minDuration: undefined,
        maxDuration: undefined,
        maxOperations: undefined,
        concurrency: undefined,
        retries: undefined,
        lockResource: undefined,
        loadResource: undefined,
        saveResource: undefined,
      } as object);
      expect(await accounts.run('alice', (resource) => resource)).toBeUndefined();
    });
  });

  describe("maxDuration (ms): the batch's signal aborts then", () => {
    async function signalOf(options: { minDuration?: number; maxDuration?: number }): Promise<AbortSignal> {
      const { loads, ...store } = heldStore<object>();
      const accounts = startProcessor<object>({ ...store, ...options });
      watch(accounts.run('alice', () => {}));
      await settleDown();
      return (loads[0] as (typeof loads)[0]).batch.signal;
    }

    test.each([
      ['as given', { minDuration: 10, maxDuration: 50 }, 50],
      ['as given, equal to minDuration', { minDuration: 50, maxDuration: 50 }, 50],
      ['as given, with minDuration 0', { minDuration: 0, maxDuration: 50 }, 50],
    ])('%s', async (_, options, expected) => abortsAt(expected, options));

    test.each([
      [60, { minDuration: 30 }],
      [200, {}],
    ])('The default is 2 * minDuration (%d)', abortsAt);

    async function abortsAt(expected: number, options: object) {
      vi.useFakeTimers();
      const signal = await signalOf(options);
      await vi.advanceTimersByTimeAsync(expected - 1);
      expect(signal.aborted).toBe(false);
      await vi.advanceTimersByTimeAsync(1);
      expect(signal.aborted).toBe(true);
    }

    test.each([
      ['given', { minDuration: 10, maxDuration: Number.POSITIVE_INFINITY }],
      ['left out', { minDuration: 0 }],
    ])('Infinity means never, and is the default if minDuration is 0 (%s)', async (_, options) => {
      vi.useFakeTimers();
      const signal = await signalOf(options);
      await vi.advanceTimersByTimeAsync(2 ** 33);
      expect(signal.aborted).toBe(false);
    });

    test.each([
      ['given', { minDuration: 10, maxDuration: 2 ** 40 }],
      ['by default, from the longest minDuration', { minDuration: 2 ** 31 - 1 }],
    ])('may be longer than a timer can hold: %s', async (_, options) => {
      const warnings: Error[] = [];
      const onWarning = (warning: Error) => warnings.push(warning);
      process.on('warning', onWarning);
      const signal = await signalOf(options);
      await new Promise((resolve) => setTimeout(resolve, 20));
      process.off('warning', onWarning);
      expect(signal.aborted).toBe(false);
      expect(warnings).toEqual([]);
    });
  });

  describe('maxOperations', () => {
    test('maxOperations: the most runs in one batch; the window closes when it has them', async () => {
      const { loads, saves, ...store } = heldStore<object>();
      const accounts = startProcessor<object>({ ...store, minDuration: 60_000, maxOperations: 2 });
      watch(accounts.run('alice', () => {}));
      await settleDown();
      await loads[0]?.succeed({});
      expect(saves).toHaveLength(0);
      watch(accounts.run('alice', () => {}));
      await settleDown();
      expect(saves).toHaveLength(1);
    });

    test('Without it there is no such limit', async () => {
      const { loads, saves, ...store } = heldStore<{ count: number }>();
      const accounts = startProcessor<{ count: number }>({ ...store, minDuration: 60_000 });
      const resource = { count: 0 };
      for (let run = 0; run < 50_000; run++) {
        watch(
          accounts.run('alice', (each) => {
            each.count++;
          }),
        );
      }
      await settleDown();
      await loads[0]?.succeed(resource);
      expect(resource.count).toBe(50_000);
      expect(saves).toHaveLength(0);
    });
  });

  describe('concurrency: the most loads and saves that are under way at once', () => {
    test.each([1, 2])('%d', async (concurrency) => {
      const { accounts, loads } = open({ concurrency });
      for (let key = 0; key < 3; key++) watch(accounts.run(`key ${key}`, noop));
      await settleDown();
      expect(loads).toHaveLength(concurrency);
    });

    test.each([undefined, Number.POSITIVE_INFINITY])(
      'Without it there may be any number (%s)',
      async (concurrency) => {
        const { accounts, loads } = open({ concurrency });
        for (let key = 0; key < 1_000; key++) watch(accounts.run(`key ${key}`, noop));
        await settleDown();
        expect(loads).toHaveLength(1_000);
      },
    );
  });
});
