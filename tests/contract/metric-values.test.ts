import { startProcessor } from 'groupcommit';
import { describe, expect, test } from 'vitest';
import {
  type Counter,
  collecting,
  type Metric,
  minute,
  noop,
  oneBatch,
  settleDown,
  sleep,
  watch,
} from './support.js';

describe('Metrics', () => {
  describe('{ batchStart, resourceKey, operationCount, loadResourceDuration, saveResourceDuration, totalDuration, error? }', () => {
    test('are its properties', async () => {
      const processor = collecting();
      await oneBatch(processor);
      const metric = processor.metrics[0] as Metric;
      for (const name of [
        'operationCount',
        'loadResourceDuration',
        'saveResourceDuration',
        'totalDuration',
      ] as const) {
        expect(metric[name], name).toEqual(expect.any(Number));
      }
      expect(metric.batchStart).toBeInstanceOf(Date);
      expect(metric.resourceKey).toBe('alice');
      expect(metric.error).toBeUndefined();
    });

    test("batchStart is a Date, the time of the batch's start", async () => {
      const { accounts, loads, saves, metrics } = collecting();
      await sleep(20);
      const before = Date.now();
      watch(accounts.run('alice', noop));
      const after = Date.now();
      await sleep(20);
      await loads[0]?.succeed({ count: 0 });
      await saves[0]?.succeed();
      const { batchStart } = metrics[0] as Metric;
      expect(batchStart).toBeInstanceOf(Date);
      // The wall clock and the monotonic clock that it may be derived from differ by a millisecond or two.
      expect(batchStart.getTime()).toBeGreaterThanOrEqual(before - 5);
      expect(batchStart.getTime()).toBeLessThanOrEqual(after + 5);
    });

    test.each([1, '1', '', '__proto__', '\ud800', -0.5])('resourceKey is the very key: %o', async (key) => {
      const accounts = startProcessor<Counter, string | number>({ minDuration: 0 });
      const metrics: unknown[] = [];
      accounts.subscribeBatchMetrics((metric) => void metrics.push(metric.resourceKey));
      await accounts.run(key, noop);
      expect(metrics).toEqual([key]);
    });

    test('operationCount counts the operations that ran', async () => {
      const { accounts, loads, saves, metrics } = collecting({ minDuration: minute });
      const controller = new AbortController();
      watch(accounts.run('alice', noop));
      watch(accounts.update('alice', (counter) => counter));
      watch(accounts.read('alice', noop));
      watch(
        accounts.run('alice', () => {
          throw new Error('refused');
        }),
      );
      watch(accounts.run('alice', (() => Promise.resolve()) as never));
      watch(accounts.run('alice', noop, { signal: controller.signal }));
      await settleDown();
      controller.abort();
      await loads[0]?.succeed({ count: 0 });
      watch(accounts.run('alice', noop));
      watch(accounts.flush());
      watch(accounts.run('alice', noop));
      await settleDown();
      await saves[0]?.succeed();
      expect(metrics.map((metric) => metric.operationCount)).toEqual([6]);
    });

    test('the durations are in ms, fractions kept', async () => {
      const metrics: Metric[] = [];
      const inside: { load: number; save: number; total: number }[] = [];
      let spent = { load: 0, save: 0, total: 0 };
      const timed = async (phase: 'load' | 'save', ms: number) => {
        const start = performance.now();
        await sleep(ms);
        spent[phase] = performance.now() - start;
      };
      const accounts = startProcessor<unknown>({
        minDuration: 30,
        loadResource: () => timed('load', 12),
        saveResource: () => timed('save', 6),
      });
      accounts.subscribeBatchMetrics((metric) => void metrics.push(metric));
      for (let batch = 0; batch < 5; batch++) {
        spent = { load: 0, save: 0, total: 0 };
        const start = performance.now();
        await accounts.run('alice', noop);
        spent.total = performance.now() - start;
        inside.push(spent);
      }
      for (const [batch, metric] of metrics.entries()) {
        const { load, save, total } = inside[batch] as (typeof inside)[0];
        const { loadResourceDuration, saveResourceDuration, totalDuration } = metric;
        expect(loadResourceDuration).toBeGreaterThanOrEqual(load);
        expect(saveResourceDuration).toBeGreaterThanOrEqual(save);
        expect(totalDuration).toBeGreaterThanOrEqual(30 + save);
        expect(totalDuration).toBeGreaterThanOrEqual(loadResourceDuration + saveResourceDuration);
        expect(totalDuration).toBeLessThanOrEqual(total);
        expect(loadResourceDuration).toBeLessThanOrEqual(total - save);
      }
      for (const name of ['loadResourceDuration', 'saveResourceDuration', 'totalDuration'] as const) {
        expect(metrics.some((metric) => !Number.isInteger(metric[name]))).toBe(true);
      }
    });

    test('0 for what did not take place', async () => {
      const { accounts, loads, metrics } = collecting();
      watch(accounts.read('alice', noop));
      watch(accounts.run('bob', noop));
      await sleep(5);
      await loads[0]?.succeed({ count: 0 });
      await loads[1]?.fail(new Error('disk'));
      expect(metrics.map((metric) => [metric.resourceKey, metric.saveResourceDuration])).toEqual([
        ['alice', 0],
        ['bob', 0],
      ]);
      for (const metric of metrics) expect(metric.loadResourceDuration).toBeGreaterThan(0);
    });
  });
});
