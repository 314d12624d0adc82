import { startProcessor } from 'groupcommit';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Counter, heldStore, increment, minute, noop, settleDown, watch } from './support.js';

afterEach(() => {
  vi.useRealTimers();
});

describe('A batch', () => {
  test('The same key is never loaded or saved twice at once: the load times out', async () => {
    vi.useFakeTimers();
    const { loads, calls, ...store } = heldStore<Counter>();
    const accounts = startProcessor<Counter>({ ...store, minDuration: 10, maxDuration: 20 });
    watch(accounts.run('alice', increment));
    await vi.advanceTimersByTimeAsync(minute);
    watch(accounts.run('alice', increment));
    watch(accounts.flush());
    await vi.advanceTimersByTimeAsync(minute);
    watch(accounts.run('alice', increment));
    watch(accounts.stop());
    await vi.advanceTimersByTimeAsync(minute);
    expect(loads[0]?.batch.signal.aborted).toBe(true);
    expect(calls).toEqual(['load alice']);
  });

  test('The same key is never loaded or saved twice at once: the save times out', async () => {
    vi.useFakeTimers();
    const { loads, saves, calls, ...store } = heldStore<Counter>();
    const accounts = startProcessor<Counter>({ ...store, minDuration: 10, maxDuration: 20 });
    watch(accounts.run('alice', increment));
    await settleDown();
    await loads[0]?.succeed({ count: 0 });
    await vi.advanceTimersByTimeAsync(minute);
    watch(accounts.run('alice', increment));
    watch(accounts.flush());
    await vi.advanceTimersByTimeAsync(minute);
    watch(accounts.run('alice', increment));
    await vi.advanceTimersByTimeAsync(minute);
    expect(saves[0]?.batch.signal.aborted).toBe(true);
    expect(calls).toEqual(['load alice', 'loaded alice', 'save alice']);
    await saves[0]?.succeed();
    expect(loads).toHaveLength(2);
  });

  test('The same key is never loaded or saved twice at once: many callers', async () => {
    let active = 0;
    let most = 0;
    let calls = 0;
    const alone = async () => {
      most = Math.max(most, ++active);
      calls++;
      await new Promise((resolve) =>
        calls % 3 === 0 ? setImmediate(resolve) : queueMicrotask(() => resolve(undefined)),
      );
      active--;
      if (calls % 7 === 0) throw new Error('disk');
    };
    const accounts = startProcessor<unknown>({
      minDuration: 0,
      maxOperations: 3,
      loadResource: alone,
      saveResource: alone,
    });
    for (let round = 0; round < 200; round++) {
      for (let run = 0; run < 4; run++) watch(accounts.run('alice', noop));
      if (round % 5 === 0) watch(accounts.flush());
      await (round % 2 === 0 ? settleDown() : undefined);
    }
    await accounts.stop();
    expect(accounts.pending).toBe(0);
    expect(calls).toBeGreaterThan(200);
    expect(most).toBe(1);
  });

  test('Different keys never wait for each other, but for a place among concurrency', async () => {
    const { loads, saves, ...store } = heldStore<Counter>();
    const accounts = startProcessor<Counter>({ ...store, minDuration: 0 });
    watch(accounts.run('load hangs', increment));
    watch(accounts.run('save hangs', increment));
    await settleDown();
    await loads[1]?.succeed({ count: 0 });
    expect(saves.map((save) => save.key)).toEqual(['save hangs']);
    const bob = watch(accounts.run('bob', (counter) => ++counter.count));
    const flushed = watch(accounts.flush('bob'));
    await settleDown();
    await loads[2]?.succeed({ count: 0 });
    await saves[1]?.succeed();
    expect(bob.outcome).toEqual({ state: 'fulfilled', value: 1 });
    expect(flushed.outcome.state).toBe('fulfilled');
  });
});
