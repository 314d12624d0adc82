import { describe, expect, test } from 'vitest';
import { sharing } from './sharing.js';
import { collecting, increment, type Metric, noop, oneBatch, settleDown, watch } from './support.js';

/** What each metric tells of the calls. */
function observed(options: object = {}) {
  const held = sharing({ minDuration: 0, ...options });
  const metrics: Metric[] = [];
  held.accounts.subscribeBatchMetrics((metric) => void metrics.push(metric));
  const together = () =>
    metrics.map(({ resourceKey, loadedTogether, savedTogether }) => [
      resourceKey,
      loadedTogether,
      savedTogether,
    ]);
  return { ...held, metrics, together };
}

describe('loadedTogether and savedTogether are how many batches were in its latest call of that kind', () => {
  test('of each batch, which has a metric of its own', async () => {
    const { accounts, saves, runAll, load, together, metrics } = observed();
    watch(accounts.read('dora', noop));
    await runAll(['alice', 'bob'], increment);
    await load();
    await saves[0]?.succeed();
    expect(together()).toEqual([
      ['dora', 3, 0],
      ['alice', 3, 2],
      ['bob', 3, 2],
    ]);
    expect(metrics.map((metric) => 'error' in metric)).toEqual([false, false, false]);
  });

  test('also of one that failed', async () => {
    const { saves, runAll, load, together, metrics } = observed();
    await runAll(['alice', 'bob', 'carol'], increment);
    await load([new Error('gone'), { count: 0 }, { count: 0 }]);
    await saves[0]?.succeed([new Error('disk'), undefined]);
    expect(together()).toEqual([
      ['alice', 3, 0],
      ['bob', 3, 2],
      ['carol', 3, 2],
    ]);
    expect(metrics.map(({ error }) => error?.phase)).toEqual(['load', 'save', undefined]);
  });

  test.each([1, 2])('at most maxKeys (%d)', async (maxKeys) => {
    const { saves, loads, runAll, together } = observed({ maxKeys });
    await runAll(['alice', 'bob'], increment);
    for (const load of loads) await load.succeed(load.keys.map(() => ({ count: 0 })));
    for (const save of saves) await save.succeed();
    expect(together()).toEqual([
      ['alice', maxKeys, maxKeys],
      ['bob', maxKeys, maxKeys],
    ]);
  });

  test('1 with the form for one key', async () => {
    const { metrics, ...held } = collecting();
    await oneBatch(held);
    expect(metrics).toMatchObject([{ loadedTogether: 1, savedTogether: 1 }]);
  });

  test.each([
    ['for a lock that fails', { lockResource: () => Promise.reject(new Error('held')) }, [0, 0]],
    ['without the callbacks', { loadResources: undefined, saveResources: undefined }, [0, 0]],
  ])('0 for what did not take place: %s', async (_, options, expected) => {
    const { runAll, together } = observed(options);
    await runAll(['alice', 'bob'], noop);
    await settleDown();
    expect(together()).toEqual(['alice', 'bob'].map((key) => [key, ...expected]));
  });

  test('also where nobody observed the call', async () => {
    const { accounts, saves, runAll, load } = sharing({ minDuration: 0 });
    await runAll(['alice', 'bob'], increment);
    await load();
    const metrics: Metric[] = [];
    accounts.subscribeBatchMetrics((metric) => void metrics.push(metric));
    await saves[0]?.succeed();
    expect(metrics.map(({ loadedTogether, savedTogether }) => [loadedTogether, savedTogether])).toEqual([[2, 2], [2, 2]]); // biome-ignore format: one line
  });
});
