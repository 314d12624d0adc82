import { startProcessor } from 'groupcommit';
import { describe, expect, test } from 'vitest';
import { outcomesOf, sharing } from './sharing.js';
import { increment, noop, settleDown, watch } from './support.js';

describe('batches is an array, in the order in which they asked', () => {
  test.each([
    ['as they began', ['alice', 'bob', 'carol']],
    ['not as they sort', ['carol', 'alice', 'bob']],
  ])('%s', async (_, keys) => {
    const { loads, saves, runAll, load } = sharing({ minDuration: 0 });
    await runAll(keys, increment);
    await load();
    expect([loads[0]?.keys, saves[0]?.keys]).toEqual([keys, keys]);
    expect([loads, saves].map(([call]) => Object.getPrototypeOf(call?.batches) === Array.prototype)).toEqual([true, true]); // biome-ignore format: one line
  });

  test('also with keys of both types, and thousands of them', async () => {
    const loads: unknown[][] = [];
    const accounts = startProcessor<number, string | number>({
      minDuration: 0,
      loadResources: (batches) => (loads.push(batches.map(({ key }) => key)), batches.map((_, place) => place)), // biome-ignore format: one line
    });
    const keys = Array.from({ length: 5_000 }, (_, each) => (each % 2 ? each : `${each + 1}`));
    const values = await Promise.all(keys.map((key) => accounts.read(key, (place) => place)));
    expect(loads).toEqual([keys]);
    expect(values).toEqual(keys.map((_, place) => place));
  });

  test('the array is the own of the call: whoever changes it changes nothing else', async () => {
    const { loads, saves, runAll } = sharing({ minDuration: 0 });
    const runs = await runAll(['alice', 'bob'], increment);
    loads[0]?.batches.reverse().pop();
    await loads[0]?.succeed([{ count: 10 }, { count: 20 }]);
    expect(saves[0]?.batches.map(({ key, resource }) => [key, resource.count])).toEqual([['alice', 11], ['bob', 21]]); // biome-ignore format: one line
    saves[0]?.batches.splice(0);
    await saves[0]?.succeed();
    expect(outcomesOf(runs)).toEqual([11, 21]);
  });
});

describe("each is the batch's own object, the same from lock to save: { key, signal }, for saves with resource", () => {
  test('one object for each batch', async () => {
    const locked: unknown[] = [];
    const lockResource = (_key: string, batch: unknown) => void locked.push(batch);
    const { loads, saves, runAll, load } = sharing({ minDuration: 0, lockResource });
    await runAll(['alice', 'bob'], increment);
    const resources = [{ count: 0 }, { count: 5 }];
    await load(resources);
    for (const place of [0, 1]) {
      expect(loads[0]?.batches[place]).toBe(locked[place]);
      expect(saves[0]?.batches[place]).toBe(locked[place]);
      expect(saves[0]?.batches[place]?.resource).toBe(resources[place]);
    }
    expect(new Set(locked).size).toBe(2);
    expect(loads[0]?.batches.every(({ signal }) => signal instanceof AbortSignal && !signal.aborted)).toBe(
      true,
    );
  });

  test('the resource is the new one of an update, undefined too', async () => {
    const { accounts, saves, load } = sharing<number | undefined>({ minDuration: 0 });
    watch(accounts.update('alice', (count = 0) => count + 1));
    watch(accounts.update('bob', () => undefined));
    await settleDown();
    await load([1, 2]);
    expect(saves[0]?.batches.map(({ resource }) => resource)).toEqual([2, undefined]);
  });

  test('the next batch of the key has another', async () => {
    const { loads, saves, runAll, load } = sharing({ minDuration: 0 });
    await runAll(['alice'], increment);
    await load();
    await saves[0]?.succeed();
    await runAll(['alice'], increment);
    expect(loads[1]?.batches[0]).not.toBe(loads[0]?.batches[0]);
  });
});

describe('A key is never in two calls at once', () => {
  test('what comes while it is saved goes with a call when that has settled', async () => {
    const { accounts, loads, saves, runAll, load } = sharing({ minDuration: 0 });
    await runAll(['alice', 'bob'], increment);
    await load();
    await runAll(['bob', 'carol'], increment);
    expect(loads.map((each) => each.keys)).toEqual([['alice', 'bob'], ['carol']]);
    watch(accounts.flush());
    await settleDown();
    expect(loads).toHaveLength(2);
    await saves[0]?.succeed();
    expect(loads.map((each) => each.keys)).toEqual([['alice', 'bob'], ['carol'], ['bob']]);
  });

  test.each([
    [1, Number.POSITIVE_INFINITY],
    [2, 3],
    [Number.POSITIVE_INFINITY, 2],
  ])(
    'nor are changes lost, whatever the turns (concurrency %d, maxKeys %d)',
    async (concurrency, maxKeys) => {
      const stored = new Map<string, number>();
      const busy = new Set<string>();
      let clashes = 0;
      async function during<T>(batches: readonly { key: string }[], work: () => T): Promise<T> {
        for (const { key } of batches) {
          if (busy.has(key)) clashes++;
          busy.add(key);
        }
        for (let turn = 3 * Math.random(); turn > 0; turn--) await settleDown();
        for (const { key } of batches) busy.delete(key);
        return work();
      }
      const accounts = startProcessor<{ count: number }>({
        minDuration: 0,
        concurrency,
        maxKeys,
        loadResources: (batches) =>
          during(batches, () => batches.map(({ key }) => ({ count: stored.get(key) ?? 0 }))),
        saveResources: (batches) =>
          during(batches, () => {
            for (const { key, resource } of batches) stored.set(key, resource.count);
          }),
      });
      const keys = Array.from({ length: 7 }, (_, each) => `key ${each}`);
      for (let round = 0; round < 20; round++) {
        for (const key of keys) if (Math.random() < 0.7) accounts.run(key, increment);
      else accounts.run(key, noop).then(() => accounts.run(key, increment)); // biome-ignore format: short
        await settleDown();
      }
      for (let rest = 0; rest < 3; rest++) await accounts.flush();
      await accounts.stop();
      expect(clashes).toBe(0);
      expect([...stored].sort()).toEqual(keys.map((key) => [key, 20]));
    },
  );
});
