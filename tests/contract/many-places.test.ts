import { afterEach, describe, expect, test, vi } from 'vitest';
import { counters, keysIn, sharing } from './sharing.js';
import { increment, noop, settleDown, watch } from './support.js';

const seven = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];

afterEach(() => {
  vi.useRealTimers();
});

describe('maxKeys (default Infinity) is the most batches that one call gets', () => {
  test.each([
    [1, ['a', 'b', 'c', 'd', 'e', 'f', 'g']],
    [2, ['ab', 'cd', 'ef', 'g']],
    [3, ['abc', 'def', 'g']],
    [7, ['abcdefg']],
    [2 ** 33, ['abcdefg']],
    [Number.POSITIVE_INFINITY, ['abcdefg']],
    [undefined, ['abcdefg']],
  ])('%s', async (maxKeys, expected) => {
    const { loads, saves, runAll } = sharing({ minDuration: 0, maxKeys });
    await runAll(seven, increment);
    expect(keysIn(loads)).toEqual(expected);
    await Promise.all(loads.map((load) => load.succeed(counters(load.keys.length))));
    expect(keysIn(saves)).toEqual(expected);
  });

  test('it is nothing to the form for one key', async () => {
    const { loads, saves, runAll } = sharing({ minDuration: 0, maxKeys: 1, saveResources: undefined });
    await runAll(seven, increment);
    expect([loads.length, saves.length]).toEqual([7, 0]);
  });
});

describe('With shared calls, concurrency limits the calls under way', () => {
  test('not the batches in them', async () => {
    const { loads, runAll } = sharing({ concurrency: 1 });
    await runAll(seven, noop);
    expect(keysIn(loads)).toEqual(['abcdefg']);
  });

  test.each([
    [1, 1],
    [1, 3],
    [2, 2],
    [3, 1],
  ])('never more, of loads and saves (concurrency %d, maxKeys %d)', async (concurrency, maxKeys) => {
    const { accounts, loads, saves, runAll } = sharing({ minDuration: 0, concurrency, maxKeys });
    await runAll(seven, increment);
    let [loaded, saved, most] = [0, 0, 0];
    while (accounts.pending > 0) {
      const underWay = loads.length + saves.length - loaded - saved;
      most = Math.max(most, underWay);
      expect(underWay).toBeGreaterThan(0);
      const load = loads[loaded];
      if (load) loaded++;
      else saved++;
      await (load ? load.succeed(counters(load.keys.length)) : saves[saved - 1]?.succeed());
    }
    expect(most).toBe(concurrency);
    expect([keysIn(loads).join(''), keysIn(saves).join('')]).toEqual(['abcdefg', 'abcdefg']);
    for (const call of [...loads, ...saves]) expect(call.keys.length).toBeLessThanOrEqual(maxKeys);
  });
});

describe('A batch that is cancelled when it has got a place in a call that is about to be made', () => {
  test('keeps that place for as long as the call is under way, and ends no other call', async () => {
    const { accounts, loads, runAll } = sharing<string>({
      minDuration: 0,
      concurrency: 1,
      saveResources: undefined,
    });
    const controller = new AbortController();
    const seen: unknown[] = [];
    const look = (key: string) => watch(accounts.run(key, (resource) => void seen.push([key, resource])));
    await runAll(['x'], () => controller.abort());
    const cancelled = watch(accounts.run('w', noop, { signal: controller.signal }));
    await settleDown();
    await loads[0]?.succeed(['of x']);
    expect(keysIn(loads)).toEqual(['x', 'w']);
    expect(cancelled.outcome).toMatchObject({
      state: 'rejected',
      reason: { code: 'ERR_OPERATION_CANCELLED' },
    });
    const others = [look('y'), look('z')];
    await settleDown();
    expect(keysIn(loads)).toEqual(['x', 'w']);
    await loads[1]?.succeed(['of w']);
    expect(keysIn(loads)).toEqual(['x', 'w', 'yz']);
    await loads[2]?.succeed(['of y', 'of z']);
    expect(seen).toEqual([['y', 'of y'], ['z', 'of z']]); // biome-ignore format: one line
    expect(others.map(({ outcome }) => outcome.state)).toEqual(['fulfilled', 'fulfilled']);
    expect(accounts.pending).toBe(0);
  });
});

describe('if it waits to load, its clock starts with that call, or with its lock', () => {
  test.each([
    ['without a lock', undefined, 100],
    ['with a lock', noop, 20],
  ])('%s', async (_, lockResource, left) => {
    vi.useFakeTimers();
    const { loads, saves, runAll, load } = sharing({ minDuration: 100, maxDuration: 150, concurrency: 1, lockResource }); // biome-ignore format: one line
    await runAll(['alice'], increment);
    await runAll(['bob', 'carol'], increment);
    await vi.advanceTimersByTimeAsync(80);
    await loads[0]?.fail(new Error('disk'));
    await load();
    await vi.advanceTimersByTimeAsync(left - 1);
    expect(saves).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(saves[0]?.keys).toContain('bob');
    await vi.advanceTimersByTimeAsync(49);
    expect(saves[0]?.batches[0]?.signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(saves[0]?.batches[0]?.signal.aborted).toBe(true);
  });

  test('those whose clocks have started with one call are saved by one, when their windows end', async () => {
    vi.useFakeTimers();
    const { loads, saves, runAll, load } = sharing({ minDuration: 100, concurrency: 1 });
    await runAll(['alice'], increment);
    await runAll(['bob', 'carol'], increment);
    await loads[0]?.fail(new Error('disk'));
    await load();
    await vi.advanceTimersByTimeAsync(100);
    expect(saves.map(({ keys }) => keys)).toEqual([['bob', 'carol']]);
  });
});

describe('Here, too, a flush and a stop wait for no place', () => {
  test.each(['flush', 'stop'] as const)('to load: %s()', async (how) => {
    const { accounts, loads, runAll } = sharing({ concurrency: 1 });
    await runAll(['x'], noop);
    await runAll(['a', 'b'], noop);
    watch(accounts[how]());
    await settleDown();
    expect(keysIn(loads)).toEqual(['x', 'ab']);
  });

  test.each(['flush', 'stop'] as const)('to save: %s()', async (how) => {
    const { accounts, saves, runAll, load } = sharing({ concurrency: 1 });
    await runAll(['a', 'b'], increment);
    await load();
    await runAll(['x'], noop);
    watch(accounts[how]());
    await settleDown();
    expect(keysIn(saves)).toEqual(['ab']);
  });

  test('flush(key), and who waits with it may go with its call', async () => {
    const { accounts, loads, runAll } = sharing({ concurrency: 1 });
    await runAll(['x'], noop);
    await runAll(['a', 'b', 'c'], noop);
    watch(accounts.flush('b'));
    await settleDown();
    expect(loads.length).toBe(2);
    expect(loads[1]?.keys).toContain('b');
  });
});
