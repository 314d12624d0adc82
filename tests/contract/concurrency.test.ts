import { startProcessor } from 'groupcommit';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { increment, noop, open, settleDown, watch } from './support.js';

afterEach(() => {
  vi.useRealTimers();
});

describe('concurrency', () => {
  test('concurrency limits the batches that load or save at once', async () => {
    let active = 0;
    let most = 0;
    const alone = async () => {
      most = Math.max(most, ++active);
      await new Promise((resolve) => setImmediate(resolve));
      active--;
    };
    const accounts = startProcessor<unknown, number>({
      minDuration: 0,
      concurrency: 3,
      loadResource: alone,
      saveResource: alone,
    });
    await Promise.all(Array.from({ length: 60 }, (_, run) => accounts.run(run % 20, noop)));
    expect(most).toBe(3);
  });

  test('one that neither loads nor saves has no place: while its window is open, and when it has ended', async () => {
    const { accounts, loads, saves } = open({ concurrency: 1 });
    for (const key of ['alice', 'bob']) watch(accounts.run(key, increment));
    await settleDown();
    expect(loads.map((load) => load.key)).toEqual(['alice']);
    await loads[0]?.succeed({ count: 0 });
    expect(loads.map((load) => load.key)).toEqual(['alice', 'bob']);
    await loads[1]?.fail(new Error('disk'));
    watch(accounts.run('carol', increment));
    await settleDown();
    expect(loads.map((load) => load.key)).toEqual(['alice', 'bob', 'carol']);
    expect(saves).toHaveLength(0);
  });

  test('What finds no place waits, and gets one in the order of asking', async () => {
    const { accounts, loads, saves, calls } = open({ minDuration: 0, concurrency: 1 });
    for (const key of ['alice', 'bob', 'alice', 'carol', 'bob']) watch(accounts.run(key, increment));
    await settleDown();
    for (let load = 0; load < 3; load++) await loads[load]?.succeed({ count: 0 });
    for (let save = 0; save < 3; save++) await saves[save]?.succeed();
    const names = ['alice', 'bob', 'carol'];
    expect(calls).toEqual([
      ...names.flatMap((name) => [`load ${name}`, `loaded ${name}`]),
      ...names.flatMap((name) => [`save ${name}`, `saved ${name}`]),
    ]);
    expect(saves.map((save) => save.resource.count)).toEqual([2, 2, 1]);
    expect(accounts.pending).toBe(0);
  });

  test('a batch whose runs are all cancelled while it waits takes no place', async () => {
    const { accounts, loads } = open({ concurrency: 1 });
    const controller = new AbortController();
    watch(accounts.run('alice', increment));
    watch(accounts.run('bob', increment, { signal: controller.signal }));
    watch(accounts.run('carol', increment));
    await settleDown();
    controller.abort();
    await loads[0]?.succeed({ count: 0 });
    expect(loads.map((load) => load.key)).toEqual(['alice', 'carol']);
  });

  describe('A batch that waits for a place to load has not started', () => {
    /** Alice loads for 80 ms of a window of 100 and a deadline of 150, and bob waits for her place. */
    async function waiting(options: object = {}) {
      vi.useFakeTimers();
      const { accounts, loads, saves } = open({
        minDuration: 100,
        maxDuration: 150,
        concurrency: 1,
        ...options,
      });
      watch(accounts.run('alice', increment));
      watch(accounts.run('bob', increment));
      await vi.advanceTimersByTimeAsync(80);
      watch(accounts.run('bob', increment));
      expect(loads).toHaveLength(1);
      await loads[0]?.fail(new Error('disk'));
      expect(loads.map((load) => load.key)).toEqual(['alice', 'bob']);
      await loads[1]?.succeed({ count: 0 });
      return { saves, signal: (loads[1] as (typeof loads)[0]).batch.signal };
    }

    test('its clock, for window and deadline, starts with the call', async () => {
      const { saves, signal } = await waiting();
      await vi.advanceTimersByTimeAsync(99);
      expect(saves).toHaveLength(0);
      await vi.advanceTimersByTimeAsync(1);
      expect(saves.map((save) => save.resource)).toEqual([{ count: 2 }]);
      await vi.advanceTimersByTimeAsync(49);
      expect(signal.aborted).toBe(false);
      await vi.advanceTimersByTimeAsync(1);
      expect(signal.aborted).toBe(true);
    });

    test('with a lock, which needs no place, it starts with that', async () => {
      const locked: string[] = [];
      const { saves, signal } = await waiting({ lockResource: (key: string) => void locked.push(key) });
      expect(locked).toEqual(['alice', 'bob']);
      await vi.advanceTimersByTimeAsync(19);
      expect(saves).toHaveLength(0);
      await vi.advanceTimersByTimeAsync(1);
      expect(saves.map((save) => save.resource)).toEqual([{ count: 2 }]);
      await vi.advanceTimersByTimeAsync(49);
      expect(signal.aborted).toBe(false);
      await vi.advanceTimersByTimeAsync(1);
      expect(signal.aborted).toBe(true);
    });
  });

  describe('A flush and a stop do not wait for a place', () => {
    test.each(['flush()', 'flush(key)', 'stop()'])('to load: %s', async (how) => {
      const { accounts, loads, saves } = open({ concurrency: 1 });
      watch(accounts.run('alice', increment));
      watch(accounts.run('bob', increment));
      await settleDown();
      watch(
        how === 'stop()' ? accounts.stop() : how === 'flush()' ? accounts.flush() : accounts.flush('bob'),
      );
      await settleDown();
      expect(loads.map((load) => load.key)).toEqual(['alice', 'bob']);
      await loads[1]?.succeed({ count: 0 });
      expect(saves.map((save) => save.key)).toEqual(['bob']);
    });

    test.each(['flush()', 'flush(key)', 'stop()'])('to save: %s', async (how) => {
      const { accounts, loads, saves } = open({ concurrency: 1 });
      watch(accounts.run('alice', increment));
      await settleDown();
      await loads[0]?.succeed({ count: 0 });
      watch(accounts.run('hangs', increment));
      await settleDown();
      expect(loads).toHaveLength(2);
      watch(
        how === 'stop()' ? accounts.stop() : how === 'flush()' ? accounts.flush() : accounts.flush('alice'),
      );
      await settleDown();
      expect(saves.map((save) => save.key)).toEqual(['alice']);
    });
  });
});
