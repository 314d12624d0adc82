import { startProcessor } from 'groupcommit';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Counter, heldStore, increment, minute, settleDown, watch } from './support.js';

afterEach(() => {
  vi.useRealTimers();
});

describe('What belongs to the batch then still runs; later runs, and what these last operations queue themselves', () => {
  test('the runs that wait when it is flushed', async () => {
    const { loads, saves, ...store } = heldStore<Counter>();
    const accounts = startProcessor<Counter>({ ...store, minDuration: minute });
    watch(accounts.run('alice', increment));
    await settleDown();
    await loads[0]?.succeed({ count: 0 });
    watch(accounts.run('alice', increment));
    watch(accounts.run('alice', increment));
    watch(accounts.flush());
    await settleDown();
    expect(saves).toHaveLength(1);
    expect(saves[0]?.resource).toEqual({ count: 3 });
  });

  test('the runs that wait for the load when minDuration has passed', async () => {
    vi.useFakeTimers();
    const { loads, saves, ...store } = heldStore<Counter>();
    const accounts = startProcessor<Counter>({ ...store, minDuration: 10 });
    watch(accounts.run('alice', increment));
    watch(accounts.run('alice', increment));
    await vi.advanceTimersByTimeAsync(20);
    await loads[0]?.succeed({ count: 0 });
    expect(saves[0]?.resource).toEqual({ count: 2 });
  });

  test('later runs', async () => {
    const { loads, saves, ...store } = heldStore<Counter>();
    const accounts = startProcessor<Counter>({ ...store, minDuration: minute });
    watch(accounts.run('alice', increment));
    watch(accounts.flush());
    watch(accounts.run('alice', increment));
    await settleDown();
    watch(accounts.run('alice', increment));
    await loads[0]?.succeed({ count: 0 });
    expect(saves[0]?.resource).toEqual({ count: 1 });
    await saves[0]?.succeed();
    await loads[1]?.succeed({ count: 1 });
    expect(saves).toHaveLength(1);
    watch(accounts.flush());
    await settleDown();
    expect(saves[1]?.resource).toEqual({ count: 3 });
  });

  test('those beyond maxOperations, in as many batches as it takes', async () => {
    const { loads, saves, calls, ...store } = heldStore<Counter>();
    const accounts = startProcessor<Counter>({ ...store, minDuration: minute, maxOperations: 2 });
    const runs = [1, 2, 3, 4, 5].map(() => watch(accounts.run('alice', (counter) => ++counter.count)));
    const states = () => runs.map((run) => run.outcome.state[0]).join('');
    await settleDown();
    await loads[0]?.succeed({ count: 0 });
    expect(saves[0]?.resource).toEqual({ count: 2 });
    expect(states()).toBe('ppppp');
    await saves[0]?.succeed();
    expect(states()).toBe('ffppp');
    await loads[1]?.succeed({ count: 10 });
    expect(saves[1]?.resource).toEqual({ count: 12 });
    await saves[1]?.succeed();
    expect(states()).toBe('ffffp');
    await loads[2]?.succeed({ count: 20 });
    expect(saves).toHaveLength(2);
    watch(accounts.flush());
    await settleDown();
    await saves[2]?.succeed();
    expect(states()).toBe('fffff');
    expect(calls.filter((call) => call === 'load alice')).toHaveLength(3);
  });

  test.each(['minDuration', 'flush', 'maxOperations'])(
    'what the last operations queue on their own key (closed by %s)',
    async (how) => {
      vi.useFakeTimers();
      const { loads, saves, ...store } = heldStore<Counter>();
      const maxOperations = how === 'maxOperations' ? 1 : Number.POSITIVE_INFINITY;
      const accounts = startProcessor<Counter>({ ...store, minDuration: 100, maxOperations });
      let inner = watch(Promise.resolve());
      const outer = watch(
        accounts.run('alice', (counter) => {
          inner = watch(accounts.run('alice', (counter) => (counter.count += 10)));
          return ++counter.count;
        }),
      );
      await settleDown();
      if (how === 'minDuration') await vi.advanceTimersByTimeAsync(150);
      if (how === 'flush') watch(accounts.flush());
      await loads[0]?.succeed({ count: 0 });
      expect(saves.map((save) => save.resource)).toEqual([{ count: 1 }]);
      await saves[0]?.succeed();
      expect(outer.outcome).toEqual({ state: 'fulfilled', value: 1 });
      expect(inner.outcome.state).toBe('pending');
      await loads[1]?.succeed({ count: 1 });
      watch(accounts.flush());
      await settleDown();
      expect(saves[1]?.resource).toEqual({ count: 11 });
      await saves[1]?.succeed();
      expect(inner.outcome).toEqual({ state: 'fulfilled', value: 11 });
    },
  );
});
