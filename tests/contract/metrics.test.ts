import { BatchError } from 'groupcommit';
import { describe, expect, test } from 'vitest';
import { collecting, type Metric, noop, oneBatch, open, settleDown, sleep, watch } from './support.js';

describe('Metrics', () => {
  describe('One per ended batch', () => {
    test('not before it has ended', async () => {
      const { accounts, loads, saves, metrics } = collecting();
      watch(accounts.run('alice', noop));
      watch(accounts.run('alice', noop));
      await settleDown();
      await loads[0]?.succeed({ count: 0 });
      expect(metrics).toHaveLength(0);
      await saves[0]?.succeed();
      expect(metrics).toHaveLength(1);
    });

    test('of each key and each batch', async () => {
      const processor = collecting();
      await oneBatch(processor, 'alice');
      await oneBatch(processor, 'bob');
      await oneBatch(processor, 'alice');
      expect(processor.metrics.map((metric) => metric.resourceKey)).toEqual(['alice', 'bob', 'alice']);
    });

    test('also of one that saved nothing, and of one whose runs were all cancelled', async () => {
      const { accounts, loads, metrics } = collecting();
      const controller = new AbortController();
      watch(accounts.read('alice', noop));
      watch(accounts.run('bob', noop, { signal: controller.signal }));
      await settleDown();
      controller.abort();
      await loads[0]?.succeed({ count: 0 });
      await loads[1]?.succeed({ count: 0 });
      expect(metrics.map((metric) => [metric.resourceKey, metric.operationCount, metric.error])).toEqual([
        ['alice', 1, undefined],
        ['bob', 0, undefined],
      ]);
    });

    test('none of one whose runs were all cancelled before it began', async () => {
      const { accounts, loads, metrics } = collecting();
      const controller = new AbortController();
      watch(accounts.run('alice', noop, { signal: controller.signal }));
      controller.abort();
      await accounts.stop();
      expect(loads).toHaveLength(0);
      expect(metrics).toEqual([]);
    });

    test.each(['load', 'save'] as const)('failed ones too: %s', async (phase) => {
      const { accounts, loads, saves, metrics } = collecting();
      const cause = new Error('disk');
      watch(accounts.run('alice', noop));
      await settleDown();
      if (phase === 'load') await loads[0]?.fail(cause);
      else {
        await loads[0]?.succeed({ count: 0 });
        await saves[0]?.fail(cause);
      }
      expect(metrics).toHaveLength(1);
      expect(metrics[0]?.error).toBeInstanceOf(BatchError);
      expect(metrics[0]?.error).toMatchObject({
        code: phase === 'load' ? 'ERR_LOAD_FAILED' : 'ERR_SAVE_FAILED',
        phase,
        key: 'alice',
        operationCount: phase === 'load' ? 0 : 1,
        cause,
      });
      expect(metrics[0]).toMatchObject({ resourceKey: 'alice', operationCount: phase === 'load' ? 0 : 1 });
    });

    test.each([undefined, null, 0, ''])('a failure with the cause %o is an error too', async (cause) => {
      const { accounts, loads, metrics } = collecting();
      watch(accounts.run('alice', noop));
      await settleDown();
      await loads[0]?.fail(cause);
      expect(metrics[0]?.error).toBeInstanceOf(BatchError);
      expect(metrics[0]?.error?.cause).toBe(cause);
    });

    test('to every subscriber', async () => {
      const processor = collecting();
      const seen: string[] = [];
      processor.accounts.subscribeBatchMetrics(() => void seen.push('second'));
      processor.accounts.subscribeBatchMetrics(() => void seen.push('third'));
      await oneBatch(processor);
      expect(processor.metrics).toHaveLength(1);
      expect(seen).toEqual(['second', 'third']);
    });

    test('batchStart and totalDuration are right also for a batch that was under way when the first subscriber came', async () => {
      const { accounts, loads, saves } = open({ minDuration: 0 });
      const before = Date.now();
      const began = performance.now();
      watch(accounts.run('alice', noop));
      const after = Date.now();
      await sleep(40);
      const metrics: Metric[] = [];
      accounts.subscribeBatchMetrics((metric) => void metrics.push(metric));
      await sleep(10);
      await loads[0]?.succeed({ count: 0 });
      await saves[0]?.succeed();
      const took = performance.now() - began;
      const { batchStart, totalDuration } = metrics[0] as Metric;
      // The wall clock and the monotonic clock that it may be derived from differ by a millisecond or two.
      expect(batchStart.getTime()).toBeGreaterThanOrEqual(before - 5);
      expect(batchStart.getTime()).toBeLessThanOrEqual(after + 5);
      expect(totalDuration).toBeGreaterThan(45);
      expect(totalDuration).toBeLessThanOrEqual(took);
    });

    test('to one that subscribed while the batch was under way', async () => {
      const { accounts, loads, saves } = collecting();
      watch(accounts.run('alice', noop));
      await settleDown();
      await loads[0]?.succeed({ count: 0 });
      const metrics: Metric[] = [];
      accounts.subscribeBatchMetrics((metric) => void metrics.push(metric));
      await saves[0]?.succeed();
      expect(metrics).toMatchObject([{ resourceKey: 'alice', operationCount: 1 }]);
      expect(metrics[0]?.batchStart).toBeInstanceOf(Date);
    });

    test("at the latest when the batch's runs settle", async () => {
      const { accounts, loads, saves, metrics } = collecting();
      const seen: number[] = [];
      for (const fails of [false, true]) {
        const look = () => void seen.push(metrics.length);
        accounts.run('alice', noop).then(look, look);
        await settleDown();
        await loads.at(-1)?.succeed({ count: 0 });
        if (fails) await saves.at(-1)?.fail(new Error('disk'));
        else await saves.at(-1)?.succeed();
      }
      expect(seen).toEqual([1, 2]);
    });
  });
});
