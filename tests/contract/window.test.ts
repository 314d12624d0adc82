import { startProcessor } from 'groupcommit';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Counter, heldStore, increment, minute, noop, open, settleDown, watch } from './support.js';

afterEach(() => {
  vi.useRealTimers();
});

describe('A batch', () => {
  test("The window closes minDuration after the batch's start", async () => {
    vi.useFakeTimers();
    const { loads, saves, ...store } = heldStore<Counter>();
    const accounts = startProcessor<Counter>({ ...store, minDuration: 100 });
    watch(accounts.run('alice', increment));
    await settleDown();
    await loads[0]?.succeed({ count: 0 });
    await vi.advanceTimersByTimeAsync(50);
    watch(accounts.run('alice', increment));
    await vi.advanceTimersByTimeAsync(49);
    watch(accounts.run('alice', increment));
    await settleDown();
    expect(saves).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(saves).toHaveLength(1);
    expect(saves[0]?.resource).toEqual({ count: 3 });
  });

  test('or when the load ends if that is later', async () => {
    vi.useFakeTimers();
    const { loads, saves, ...store } = heldStore<Counter>();
    const accounts = startProcessor<Counter>({ ...store, minDuration: 100 });
    watch(accounts.run('alice', increment));
    await vi.advanceTimersByTimeAsync(150);
    watch(accounts.run('alice', increment));
    await settleDown();
    expect(saves).toHaveLength(0);
    await loads[0]?.succeed({ count: 0 });
    expect(saves).toHaveLength(1);
    expect(saves[0]?.resource).toEqual({ count: 2 });
  });

  test('or when the batch has maxOperations runs', async () => {
    const { loads, saves, ...store } = heldStore<Counter>();
    const accounts = startProcessor<Counter>({ ...store, minDuration: minute, maxOperations: 3 });
    for (let run = 0; run < 2; run++) watch(accounts.run('alice', increment));
    await settleDown();
    await loads[0]?.succeed({ count: 0 });
    expect(saves).toHaveLength(0);
    watch(accounts.run('alice', increment));
    watch(accounts.run('alice', increment));
    await settleDown();
    expect(saves).toHaveLength(1);
    expect(saves[0]?.resource).toEqual({ count: 3 });
  });

  test('or when the batch has maxOperations runs, whether they wait or ran', async () => {
    const { accounts, loads, saves } = open({ maxOperations: 3 });
    for (let run = 0; run < 5; run++) watch(accounts.run('alice', increment));
    await settleDown();
    await loads[0]?.succeed({ count: 0 });
    expect(saves.map((save) => save.resource.count)).toEqual([3]);
    await saves[0]?.succeed();
    await loads[1]?.succeed({ count: 3 });
    expect(saves).toHaveLength(1);
  });

  test('one that is cancelled keeps its place, as do a read and one that throws', async () => {
    const { accounts, loads, saves } = open({ maxOperations: 4 });
    const controller = new AbortController();
    watch(accounts.run('alice', increment));
    watch(accounts.run('alice', increment, { signal: controller.signal }));
    await settleDown();
    controller.abort();
    await loads[0]?.succeed({ count: 0 });
    watch(accounts.read('alice', noop));
    await settleDown();
    expect(saves).toHaveLength(0);
    watch(
      accounts.run('alice', () => {
        throw new Error('refused');
      }),
    );
    watch(accounts.run('alice', increment));
    await settleDown();
    expect(saves.map((save) => save.resource.count)).toEqual([1]);
    await saves[0]?.succeed();
    expect(loads).toHaveLength(2);
  });

  test('one that is cancelled keeps its place: those that come after it are not drawn into the batch', async () => {
    const { accounts, loads, saves } = open({ maxOperations: 2 });
    const controller = new AbortController();
    watch(accounts.run('alice', increment, { signal: controller.signal }));
    watch(accounts.run('alice', increment));
    watch(accounts.run('alice', increment));
    controller.abort();
    await settleDown();
    await loads[0]?.succeed({ count: 0 });
    expect(saves.map((save) => save.resource.count)).toEqual([1]);
  });

  test.each(['flush', 'flush(key)', 'stop'] as const)('or at %s', async (how) => {
    const { loads, saves, ...store } = heldStore<Counter>();
    const accounts = startProcessor<Counter>({ ...store, minDuration: minute });
    watch(accounts.run('alice', increment));
    await settleDown();
    await loads[0]?.succeed({ count: 0 });
    expect(saves).toHaveLength(0);
    watch(how === 'stop' ? accounts.stop() : how === 'flush' ? accounts.flush() : accounts.flush('alice'));
    await settleDown();
    expect(saves).toHaveLength(1);
  });
});
