import { describe, expect, test } from 'vitest';
import { counters, keysIn, sharing } from './sharing.js';
import { increment, noop, settleDown, watch } from './support.js';

describe('A batch without a place goes with the next call, in the order in which they asked for it', () => {
  test.each([
    [1, ['x', 'a', 'b', 'c', 'd']],
    [2, ['x', 'ab', 'cd']],
    [3, ['x', 'abc', 'd']],
    [Number.POSITIVE_INFINITY, ['x', 'abcd']],
  ])('maxKeys %s', async (maxKeys, expected) => {
    const { loads, runAll } = sharing({ concurrency: 1, maxKeys });
    for (const key of ['x', 'a', 'b', 'c', 'd']) await runAll([key], noop);
    for (let call = 0; call < expected.length; call++) {
      expect(keysIn(loads)).toEqual(expected.slice(0, call + 1));
      await loads[call]?.succeed(counters(loads[call]?.keys.length ?? 0));
    }
    expect(loads).toHaveLength(expected.length);
  });

  test('none that waits is forgotten, whatever waits again', async () => {
    const { accounts, loads, saves, runAll } = sharing({ minDuration: 0, concurrency: 1, maxKeys: 3 });
    await runAll([...'fkm'], increment);
    await runAll([...'iahdkdl'], increment);
    await loads[0]?.succeed(counters(3));
    await loads[1]?.succeed(counters(loads[1].keys.length));
    await runAll([...'nd'], increment);
    for (let round = 0; round < 20; round++) {
      for (const save of saves) await save.succeed();
      for (const load of loads) await load.succeed(counters(load.keys.length));
    }
    expect(accounts.pending).toBe(0);
    expect([...saves.flatMap(({ keys }) => keys)].sort()).toEqual([...'adfhiklmn']);
  });

  test('what comes as the place gets free is behind them', async () => {
    const { accounts, loads, runAll } = sharing({ concurrency: 1, maxKeys: 2 });
    for (const key of ['x', 'a', 'b', 'c']) await runAll([key], noop);
    const done = loads[0]?.succeed(counters(1));
    watch(accounts.run('d', noop));
    await done;
    await loads[1]?.succeed(counters(2));
    expect(keysIn(loads)).toEqual(['x', 'ab', 'cd']);
  });

  test('a call is full although one between them has been cancelled', async () => {
    const { accounts, loads, runAll } = sharing({ concurrency: 1, maxKeys: 2 });
    const controller = new AbortController();
    await runAll(['x', 'a'], noop);
    await runAll(['y'], noop);
    await runAll(['b'], noop);
    watch(accounts.run('cancelled', noop, { signal: controller.signal }));
    await runAll(['c'], noop);
    controller.abort();
    await settleDown();
    await loads[0]?.succeed(counters(2));
    expect(keysIn(loads)).toEqual(['xa', 'yb']);
    await runAll(['d'], noop);
    await loads[1]?.succeed(counters(2));
    expect(keysIn(loads)).toEqual(['xa', 'yb', 'cd']);
  });

  test('nor does one that is cancelled behind the first leave a place empty', async () => {
    const { accounts, loads, runAll } = sharing({ concurrency: 1, maxKeys: 2 });
    const controller = new AbortController();
    await runAll(['x', 'y', 'a'], noop);
    watch(accounts.run('cancelled', noop, { signal: controller.signal }));
    await runAll(['b', 'c'], noop);
    controller.abort();
    await settleDown();
    await loads[0]?.succeed(counters(2));
    expect(keysIn(loads)).toEqual(['xy', 'ab']);
  });

  test('a load takes those that wait to load with it, although others wait to save between them', async () => {
    const { loads, saves, runAll, load } = sharing({ minDuration: 0, concurrency: 1, maxKeys: 2 });
    await runAll(['x'], increment);
    await runAll(['p', 'q', 'r'], increment);
    await load();
    // Waiting: r to load, x to save.
    await runAll(['s'], increment);
    await load();
    expect([keysIn(loads), keysIn(saves)]).toEqual([['x', 'pq', 'rs'], []]);
  });

  test('a save takes those that wait to save with it, although others wait to load between them', async () => {
    const { loads, saves, runAll } = sharing({ minDuration: 0, concurrency: 2, maxKeys: 2 });
    await runAll(['s'], increment);
    await runAll(['t'], increment);
    await runAll(['x'], noop);
    await loads[0]?.succeed(counters(1));
    // x loads where s did; waiting: s to save.
    await runAll(['a', 'b'], increment);
    await loads[1]?.succeed(counters(1));
    // s saves where t loaded, and t with it in the same turn; waiting: a and b to load.
    expect([keysIn(loads), keysIn(saves)]).toEqual([['s', 't', 'x'], ['st']]);
    await saves[0]?.succeed();
    expect([keysIn(loads), keysIn(saves)]).toEqual([['s', 't', 'x', 'ab'], ['st']]);
    await loads[2]?.succeed(counters(1));
    expect([keysIn(loads), keysIn(saves)]).toEqual([
      ['s', 't', 'x', 'ab'],
      ['st', 'x'],
    ]);
  });
});
