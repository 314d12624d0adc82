import { getEventListeners } from 'node:events';
import { startProcessor } from 'groupcommit';
import { describe, expect, test } from 'vitest';
import { type Counter, collecting, noop, oneBatch, settleDown, watch } from './support.js';

describe('Metrics', () => {
  describe('subscribeBatchMetrics(callback, { signal }?)', () => {
    test('returns an unsubscribe function', async () => {
      const processor = collecting();
      let seen = 0;
      const unsubscribe = processor.accounts.subscribeBatchMetrics(() => void seen++);
      await oneBatch(processor);
      expect(unsubscribe()).toBeUndefined();
      await oneBatch(processor);
      unsubscribe();
      await oneBatch(processor);
      expect(seen).toBe(1);
      expect(processor.metrics).toHaveLength(3);
    });

    test('unsubscribes when the signal aborts, and leaves no listener on it', async () => {
      const processor = collecting();
      const controller = new AbortController();
      let seen = 0;
      processor.accounts.subscribeBatchMetrics(() => void seen++, { signal: controller.signal });
      await oneBatch(processor);
      controller.abort();
      await oneBatch(processor);
      expect(seen).toBe(1);
      expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
      const other = new AbortController();
      processor.accounts.subscribeBatchMetrics(noop, { signal: other.signal })();
      expect(getEventListeners(other.signal, 'abort')).toEqual([]);
    });

    test('with a signal that has aborted does not subscribe', async () => {
      const processor = collecting();
      let seen = 0;
      const unsubscribe = processor.accounts.subscribeBatchMetrics(() => void seen++, {
        signal: AbortSignal.abort(),
      });
      await oneBatch(processor);
      expect(seen).toBe(0);
      unsubscribe();
    });

    test.each([undefined, null, 'callback', {}])(
      'throws a TypeError where the callback is %o',
      (callback) => {
        expect(() => startProcessor().subscribeBatchMetrics(callback as never)).toThrow(TypeError);
      },
    );

    test.each(['signal', {}, new EventTarget()])('throws a TypeError where the signal is %o', (signal) => {
      expect(() => startProcessor().subscribeBatchMetrics(noop, { signal: signal as never })).toThrow(
        TypeError,
      );
    });

    test('a subscriber may unsubscribe itself or others, or subscribe more, meanwhile', async () => {
      const processor = collecting();
      const seen: string[] = [];
      const first = processor.accounts.subscribeBatchMetrics(() => {
        seen.push('first');
        first();
        processor.accounts.subscribeBatchMetrics(() => void seen.push('third'));
      });
      processor.accounts.subscribeBatchMetrics(() => void seen.push('second'));
      await oneBatch(processor);
      expect(seen.slice(0, 2)).toEqual(['first', 'second']);
      seen.length = 0;
      await oneBatch(processor);
      expect(seen).toEqual(['second', 'third']);
    });
  });

  test('Without subscribers metrics cost nothing: none is made', async () => {
    const RealDate = Date;
    let dates = 0;
    globalThis.Date = class extends RealDate {
      constructor(...args: []) {
        super(...args);
        dates++;
      }
    } as DateConstructor;
    try {
      const accounts = startProcessor<Counter>({ minDuration: 0 });
      for (let run = 0; run < 10; run++) await accounts.run('alice', noop);
      const without = dates;
      accounts.subscribeBatchMetrics(noop);
      await accounts.run('alice', noop);
      expect(without, 'Dates made without a subscriber').toBe(0);
      expect(dates, 'Dates made with one').toBeGreaterThan(0);
    } finally {
      globalThis.Date = RealDate;
    }
  });

  test('A subscription made after stop() gets nothing', async () => {
    const { accounts, loads, saves, metrics } = collecting();
    watch(accounts.run('alice', noop));
    watch(accounts.stop());
    let seen = 0;
    const { signal } = new AbortController();
    const unsubscribe = accounts.subscribeBatchMetrics(() => void seen++, { signal });
    await settleDown();
    await loads[0]?.succeed({ count: 0 });
    await saves[0]?.succeed();
    expect(metrics).toHaveLength(1);
    expect(seen).toBe(0);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    unsubscribe();
  });

  test('an iteration begun then ends at once', async () => {
    const { accounts, loads } = collecting();
    watch(accounts.run('alice', noop));
    watch(accounts.stop());
    const next = watch(accounts.batchMetrics()[Symbol.asyncIterator]().next());
    await settleDown();
    expect(loads).toHaveLength(1);
    expect(next.outcome).toEqual({ state: 'fulfilled', value: { done: true, value: undefined } });
  });
});
