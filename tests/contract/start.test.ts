import { startProcessor } from 'groupcommit';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { afterMicrotasks, type Counter, heldStore, minute, noop, settleDown, watch } from './support.js';

afterEach(() => {
  vi.useRealTimers();
});

describe('A batch', () => {
  test('The first run on a key that has no batch starts one', async () => {
    const { loads, ...store } = heldStore<Counter>();
    const accounts = startProcessor<Counter>(store);
    await settleDown();
    expect(loads).toHaveLength(0);
    watch(accounts.run('alice', noop));
    await settleDown();
    expect(loads.map((load) => load.key)).toEqual(['alice']);
    watch(accounts.run('alice', noop));
    watch(accounts.update('alice', (counter) => counter));
    watch(accounts.read('alice', noop));
    watch(accounts.run('bob', noop));
    await settleDown();
    expect(loads.map((load) => load.key)).toEqual(['alice', 'bob']);
  });

  test('update and read start one too', async () => {
    const { loads, ...store } = heldStore<Counter>();
    const accounts = startProcessor<Counter>(store);
    watch(accounts.update('alice', (counter) => counter));
    watch(accounts.read('bob', noop));
    await settleDown();
    expect(loads.map((load) => load.key)).toEqual(['alice', 'bob']);
  });

  test('Its clock starts then', async () => {
    vi.useFakeTimers();
    const { loads, saves, ...store } = heldStore<Counter>();
    const accounts = startProcessor<Counter>({ ...store, minDuration: 100, maxDuration: 150 });
    await vi.advanceTimersByTimeAsync(1_000);
    watch(accounts.run('alice', noop));
    await vi.advanceTimersByTimeAsync(60);
    await loads[0]?.succeed({ count: 0 });
    watch(accounts.run('alice', noop));
    await vi.advanceTimersByTimeAsync(39);
    expect(saves).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(saves).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(49);
    expect(saves[0]?.batch.signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(saves[0]?.batch.signal.aborted).toBe(true);
  });

  test.each([0, 1, minute])(
    'loadResource is called at once: eagerly, no later than the microtasks after the call of run (minDuration %d)',
    async (minDuration) => {
      const { loads, ...store } = heldStore<Counter>();
      const accounts = startProcessor<Counter>({ ...store, minDuration });
      const loaded = afterMicrotasks(() => loads.length);
      await Promise.resolve();
      watch(accounts.run('alice', noop));
      expect(await loaded).toBe(1);
    },
  );
});
