import { startProcessor } from 'groupcommit';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Counter, heldStore, noop, settleDown, watch } from './support.js';

afterEach(() => {
  vi.useRealTimers();
});

describe('The signal of a batch', () => {
  test('The signal aborts with a TimeoutError when the batch has lasted maxDuration: while it loads', async () => {
    vi.useFakeTimers();
    const { loads, ...store } = heldStore<Counter>();
    const accounts = startProcessor<Counter>({ ...store, minDuration: 10, maxDuration: 50 });
    watch(accounts.run('alice', noop));
    await settleDown();
    const { signal } = (loads[0] as (typeof loads)[0]).batch;
    await vi.advanceTimersByTimeAsync(49);
    expect(signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(signal.aborted).toBe(true);
    expect(signal.reason).toBeInstanceOf(DOMException);
    expect(signal.reason.name).toBe('TimeoutError');
  });

  test('The signal aborts with a TimeoutError when the batch has lasted maxDuration: while it saves', async () => {
    vi.useFakeTimers();
    const { loads, saves, ...store } = heldStore<Counter>();
    const accounts = startProcessor<Counter>({ ...store, minDuration: 10, maxDuration: 50 });
    watch(accounts.run('alice', noop));
    await vi.advanceTimersByTimeAsync(30);
    await loads[0]?.succeed({ count: 0 });
    const { signal } = (saves[0] as (typeof saves)[0]).batch;
    await vi.advanceTimersByTimeAsync(19);
    expect(signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(signal.reason).toMatchObject({ name: 'TimeoutError' });
  });

  test('It aborts at its own batch’s maxDuration, whatever other keys do', async () => {
    vi.useFakeTimers();
    const { loads, ...store } = heldStore<Counter>();
    const accounts = startProcessor<Counter>({ ...store, minDuration: 10, maxDuration: 50 });
    for (let key = 0; key < 10; key++) {
      watch(accounts.run(`key ${key}`, noop));
      await vi.advanceTimersByTimeAsync(3);
    }
    // Now at 30 ms; batch n started at 3 * n. Half of them end before their time.
    for (const load of loads.filter((_, index) => index % 2 === 0)) await load.fail(new Error('disk'));
    await vi.advanceTimersByTimeAsync(19);
    for (let key = 1; key < 10; key += 2) {
      const { signal } = (loads[key] as (typeof loads)[0]).batch;
      await vi.advanceTimersByTimeAsync(key === 1 ? 3 : 5);
      expect(signal.aborted, `key ${key}, early`).toBe(false);
      await vi.advanceTimersByTimeAsync(1);
      expect(signal.aborted, `key ${key}, in time`).toBe(true);
    }
  });

  test('at maxDuration, not before, by the real clock', async () => {
    const aborted: number[] = [];
    const accounts = startProcessor<number>({
      minDuration: 5,
      maxDuration: 30,
      loadResource: (_key, { signal }) =>
        new Promise((resolve) =>
          signal.addEventListener('abort', () => {
            aborted.push(performance.now());
            resolve(1);
          }),
        ),
    });
    for (let batch = 0; batch < 5; batch++) {
      const started = performance.now();
      await accounts.run('alice', noop);
      expect((aborted[batch] as number) - started).toBeGreaterThanOrEqual(30);
    }
  });
});
