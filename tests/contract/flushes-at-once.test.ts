import { startProcessor } from 'groupcommit';
import { describe, expect, test } from 'vitest';
import { increment, minute, noop, open, settleDown, watch } from './support.js';

describe('Ending', () => {
  test('While flushesAtOnce is true, the window of a batch closes when its load has ended, as if minDuration were 0', async () => {
    const { accounts, loads, saves, load } = open();
    accounts.flushesAtOnce = true;
    const runs = [1, 2].map(() => watch(accounts.run('alice', increment)));
    await settleDown();
    runs.push(watch(accounts.run('alice', increment)));
    await load();
    expect(saves.map(({ resource }) => resource)).toEqual([{ count: 3 }]);

    runs.push(watch(accounts.run('alice', increment)));
    await saves[0]?.succeed();
    expect(loads).toHaveLength(2);
    await load({ count: 3 });
    await saves[1]?.succeed();
    expect(runs.map(({ outcome }) => outcome)).toEqual(
      [1, 2, 3, 4].map((value) => ({ state: 'fulfilled', value })),
    );
  });

  test('a window that is open already stays so until a flush', async () => {
    const { accounts, saves, load } = open();
    watch(accounts.run('alice', increment));
    await load();
    accounts.flushesAtOnce = true;
    watch(accounts.run('alice', increment));
    await settleDown();
    expect(saves).toHaveLength(0);
    watch(accounts.flush());
    await settleDown();
    expect(saves.map(({ resource }) => resource)).toEqual([{ count: 2 }]);
  });

  test('It is false by default, and can be set at any time: also by an operation, and back', async () => {
    const { accounts, saves, load } = open();
    expect(accounts.flushesAtOnce).toBe(false);
    watch(accounts.run('alice', () => (accounts.flushesAtOnce = true)));
    await load();
    expect([accounts.flushesAtOnce, saves.length]).toEqual([true, 0]);

    watch(accounts.run('carol', noop));
    await load();
    expect(saves.map(({ key }) => key)).toEqual(['carol']);

    accounts.flushesAtOnce = false;
    watch(accounts.run('dave', noop));
    await load();
    expect(saves).toHaveLength(1);
    watch(accounts.flush());
    await settleDown();
    expect(saves.map(({ key }) => key)).toEqual(['carol', 'alice', 'dave']);
  });

  test('While flushesAtOnce is true, what arrives during a save shares the next batch, and without a load nothing waits', async () => {
    const saved: number[] = [];
    const counters = startProcessor<number | undefined>({
      minDuration: minute,
      saveResource: async (_, count) => void saved.push(count as number),
    });
    counters.flushesAtOnce = true;
    await Promise.all([1, 2, 3].map((count) => counters.update('alice', () => count)));
    await counters.update('alice', () => 4);
    expect(saved).toEqual([3, 4]);
  });
});
