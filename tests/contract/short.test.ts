import { startProcessor } from 'groupcommit';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  afterMicrotasks,
  type Counter,
  heldStore,
  increment,
  noop,
  open,
  settleDown,
  watch,
} from './support.js';

afterEach(() => {
  vi.useRealTimers();
});

describe('A batch', () => {
  test('With minDuration: 0 the window so closes when the load has ended', async () => {
    vi.useFakeTimers();
    const { loads, saves, ...store } = heldStore<Counter>();
    const accounts = startProcessor<Counter>({ ...store, minDuration: 0 });
    watch(accounts.run('alice', increment));
    await settleDown();
    watch(accounts.run('alice', increment));
    await settleDown();
    const saved = afterMicrotasks(() => saves.map((save) => ({ ...save.resource })));
    await Promise.resolve();
    loads[0]?.succeed({ count: 0 });
    watch(accounts.run('alice', increment));
    expect(await saved).toEqual([{ count: 3 }]);
  });

  test('and what arrives while a save is under way forms the next batch', async () => {
    const { loads, saves, ...store } = heldStore<Counter>();
    const accounts = startProcessor<Counter>({ ...store, minDuration: 0 });
    watch(accounts.run('alice', increment));
    await settleDown();
    await loads[0]?.succeed({ count: 0 });
    watch(accounts.run('alice', increment));
    await settleDown();
    watch(accounts.run('alice', increment));
    await settleDown();
    expect(loads).toHaveLength(1);
    await saves[0]?.succeed();
    expect(loads).toHaveLength(2);
    await loads[1]?.succeed({ count: 1 });
    expect(saves[1]?.resource).toEqual({ count: 3 });
  });

  test('With minDuration: 0 the window so closes when the load has ended: what the operations queue forms the next batch', async () => {
    const { accounts, loads, saves } = open({ minDuration: 0 });
    watch(accounts.run('alice', () => watch(accounts.run('alice', increment))));
    await settleDown();
    await loads[0]?.succeed({ count: 0 });
    expect(saves.map((save) => save.resource.count)).toEqual([0]);
    await saves[0]?.succeed();
    await loads[1]?.succeed({ count: 0 });
    expect(saves).toHaveLength(2);
    await saves[1]?.succeed();
    expect(accounts.pending).toBe(0);
  });

  describe('A batch that has only reads when its load has ended does not stay open for more', () => {
    test('it ends then, and what comes later starts another', async () => {
      const { accounts, loads, saves } = open();
      const reads = [1, 2].map(() => watch(accounts.read('alice', (counter) => counter.count)));
      await settleDown();
      await loads[0]?.succeed({ count: 7 });
      expect(reads.map((read) => read.outcome)).toEqual(Array(2).fill({ state: 'fulfilled', value: 7 }));
      expect(saves).toHaveLength(0);
      watch(accounts.read('alice', noop));
      await settleDown();
      expect(loads).toHaveLength(2);
    });

    test.each(['run', 'update'] as const)('but one that has a %s does', async (method) => {
      const { accounts, loads, saves } = open();
      const read = watch(accounts.read('alice', noop));
      watch(accounts[method as 'update']('alice', (counter) => counter));
      await settleDown();
      await loads[0]?.succeed({ count: 7 });
      expect(read.outcome.state).toBe('pending');
      watch(accounts.run('alice', increment));
      await settleDown();
      watch(accounts.flush());
      await settleDown();
      expect(loads).toHaveLength(1);
      expect(saves.map((save) => save.resource.count)).toEqual([8]);
    });

    test('nor does one whose changes have all been cancelled', async () => {
      const { accounts, loads } = open();
      const controller = new AbortController();
      const read = watch(accounts.read('alice', noop));
      watch(accounts.run('alice', increment, { signal: controller.signal }));
      await settleDown();
      controller.abort();
      await loads[0]?.succeed({ count: 7 });
      expect(read.outcome.state).toBe('fulfilled');
    });

    test('nor does one in which nothing waits any more', async () => {
      const { accounts, loads } = open();
      const controller = new AbortController();
      watch(accounts.run('alice', increment, { signal: controller.signal }));
      await settleDown();
      controller.abort();
      await loads[0]?.succeed({ count: 7 });
      watch(accounts.run('alice', increment));
      await settleDown();
      expect(loads).toHaveLength(2);
    });
  });
});
