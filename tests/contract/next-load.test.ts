import { startProcessor } from 'groupcommit';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  type Counter,
  heldStore,
  increment,
  minute,
  noop,
  rejectionOf,
  settleDown,
  watch,
} from './support.js';

afterEach(() => {
  vi.useRealTimers();
});

describe('A batch', () => {
  test.each(['succeeds', 'fails'])(
    'further runs wait and form the next batch, which starts when the save has settled and loads again (it %s)',
    async (how) => {
      const { loads, saves, calls, ...store } = heldStore<Counter>();
      const accounts = startProcessor<Counter>({ ...store, minDuration: 0 });
      watch(accounts.run('alice', increment));
      await settleDown();
      await loads[0]?.succeed({ count: 0 });
      let ran = 0;
      watch(accounts.run('alice', () => void ran++));
      watch(accounts.run('alice', () => void ran++));
      await settleDown();
      expect(calls).toEqual(['load alice', 'loaded alice', 'save alice']);
      if (how === 'succeeds') await saves[0]?.succeed();
      else await saves[0]?.fail(new Error('disk'));
      expect(calls.slice(4)).toEqual(['load alice']);
      expect(ran).toBe(0);
      await loads[1]?.succeed({ count: 1 });
      expect(ran).toBe(2);
      expect(saves).toHaveLength(2);
    },
  );

  test('The next batch has a window of its own, from its own start', async () => {
    vi.useFakeTimers();
    const { loads, saves, ...store } = heldStore<Counter>();
    const accounts = startProcessor<Counter>({ ...store, minDuration: 100, maxDuration: 300 });
    watch(accounts.run('alice', increment));
    await settleDown();
    await loads[0]?.succeed({ count: 0 });
    await vi.advanceTimersByTimeAsync(100);
    watch(accounts.run('alice', increment));
    await vi.advanceTimersByTimeAsync(500);
    await saves[0]?.succeed();
    await loads[1]?.succeed({ count: 1 });
    await vi.advanceTimersByTimeAsync(99);
    expect(saves).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(saves).toHaveLength(2);
    const { signal } = (saves[1] as (typeof saves)[1]).batch;
    await vi.advanceTimersByTimeAsync(199);
    expect(signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(signal.aborted).toBe(true);
  });

  test('The next batch after a load that failed loads again', async () => {
    const { loads, saves, ...store } = heldStore<Counter>();
    const accounts = startProcessor<Counter>({ ...store, minDuration: minute });
    const first = rejectionOf(accounts.run('alice', noop));
    await settleDown();
    await loads[0]?.fail(new Error('disk'));
    await first;
    const second = watch(accounts.run('alice', (counter) => counter.count));
    await settleDown();
    expect(loads).toHaveLength(2);
    await loads[1]?.succeed({ count: 5 });
    watch(accounts.flush());
    await settleDown();
    await saves[0]?.succeed();
    expect(second.outcome).toEqual({ state: 'fulfilled', value: 5 });
  });
});
