import { startProcessor } from 'groupcommit';
import { describe, expect, test } from 'vitest';
import { type Counter, heldStore, increment, minute, open, settleDown, watch } from './support.js';

describe('Ending', () => {
  describe('flush closes the windows now', () => {
    test('of all keys', async () => {
      const { accounts, loads, saves } = open();
      for (const key of ['alice', 'bob', 'carol']) watch(accounts.run(key, increment));
      await settleDown();
      for (const load of loads) await load.succeed({ count: 0 });
      expect(saves).toHaveLength(0);
      watch(accounts.flush());
      await settleDown();
      expect(saves.map((save) => save.key).sort()).toEqual(['alice', 'bob', 'carol']);
    });

    test('with a key, only of that key', async () => {
      const { accounts, loads, saves } = open();
      const runs = ['alice', 'bob'].map((key) => watch(accounts.run(key, increment)));
      await settleDown();
      for (const load of loads) await load.succeed({ count: 0 });
      const flushed = watch(accounts.flush('bob'));
      await settleDown();
      expect(saves.map((save) => save.key)).toEqual(['bob']);
      await saves[0]?.succeed();
      expect(flushed.outcome.state).toBe('fulfilled');
      expect(runs.map((run) => run.outcome.state)).toEqual(['pending', 'fulfilled']);
    });

    test('a key that is 0 or the empty string is a key, not all of them', async () => {
      const { loads, saves, ...store } = heldStore<Counter, string | number>();
      const accounts = startProcessor<Counter, string | number>({ ...store, minDuration: minute });
      for (const key of [0, '', 'other']) watch(accounts.run(key, increment));
      await settleDown();
      for (const load of loads) await load.succeed({ count: 0 });
      watch(accounts.flush(0));
      await settleDown();
      expect(saves.map((save) => save.key)).toEqual([0]);
      watch(accounts.flush(''));
      await settleDown();
      expect(saves.map((save) => save.key)).toEqual([0, '']);
    });

    test.each(['after its end', 'during its save'])(
      'and only those: a batch of the key that is asked for %s has its whole window again',
      async (when) => {
        const { accounts, loads, saves } = open();
        watch(accounts.run('alice', increment));
        await settleDown();
        await loads[0]?.succeed({ count: 0 });
        watch(accounts.flush());
        await settleDown();
        if (when === 'during its save') watch(accounts.run('alice', increment));
        await saves[0]?.succeed();
        if (when === 'after its end') watch(accounts.run('alice', increment));
        await settleDown();
        await loads[1]?.succeed({ count: 1 });
        expect(loads).toHaveLength(2);
        expect(saves).toHaveLength(1);
        watch(accounts.flush());
        await settleDown();
        expect(saves).toHaveLength(2);
      },
    );
  });

  test('operations that wait for a load run when it is there', async () => {
    const { accounts, loads, saves } = open();
    watch(accounts.run('alice', increment));
    watch(accounts.run('alice', increment));
    await settleDown();
    const flushed = watch(accounts.flush());
    await settleDown();
    expect(saves).toHaveLength(0);
    await loads[0]?.succeed({ count: 0 });
    expect(saves).toHaveLength(1);
    expect(saves[0]?.resource).toEqual({ count: 2 });
    expect(flushed.outcome.state).toBe('pending');
    await saves[0]?.succeed();
    expect(flushed.outcome.state).toBe('fulfilled');
  });

  test('those that wait behind a save form a batch whose window closes at once', async () => {
    const { accounts, loads, saves } = open();
    watch(accounts.run('alice', increment));
    await settleDown();
    await loads[0]?.succeed({ count: 0 });
    watch(accounts.flush());
    await settleDown();
    watch(accounts.run('alice', increment));
    watch(accounts.run('alice', increment));
    const flushed = watch(accounts.flush());
    await settleDown();
    await saves[0]?.succeed();
    expect(loads).toHaveLength(2);
    await loads[1]?.succeed({ count: 1 });
    expect(saves).toHaveLength(2);
    expect(saves[1]?.resource).toEqual({ count: 3 });
    expect(flushed.outcome.state).toBe('pending');
    await saves[1]?.succeed();
    expect(flushed.outcome.state).toBe('fulfilled');
  });

  test('those beyond maxOperations too: no batch that flush waits for keeps its window open', async () => {
    const { accounts, loads, saves } = open({ maxOperations: 2 });
    for (let run = 0; run < 5; run++) watch(accounts.run('alice', increment));
    const flushed = watch(accounts.flush());
    await settleDown();
    for (let batch = 0; batch < 3; batch++) {
      expect(loads).toHaveLength(batch + 1);
      expect(flushed.outcome.state).toBe('pending');
      await loads[batch]?.succeed({ count: 0 });
      await saves[batch]?.succeed();
    }
    expect(saves.map((save) => save.resource.count)).toEqual([2, 2, 1]);
    expect(flushed.outcome.state).toBe('fulfilled');
  });
});
