import { afterEach, describe, expect, test, vi } from 'vitest';
import { counters, keysOf, outcomesOf, sharing } from './sharing.js';
import { heldStore, increment, noop, settleDown, watch } from './support.js';

const keys = ['alice', 'bob', 'carol'];

afterEach(() => {
  vi.useRealTimers();
});

describe('Only the calls are shared', () => {
  test('loadResources and saveResources load and save many keys by one call', async () => {
    const { loads, saves, runAll, load } = sharing({ minDuration: 0 });
    const runs = await runAll(keys, increment);
    expect(loads.map((each) => each.keys)).toEqual([keys]);
    await load();
    expect(saves.map((each) => each.keys)).toEqual([keys]);
    expect(outcomesOf(runs)).toEqual(['pending', 'pending', 'pending']);
    await saves[0]?.succeed();
    expect(outcomesOf(runs)).toEqual([1, 1, 1]);
  });

  test('loadResources(batches, { signal }) stands for many calls, and saveResources(batches, { signal }) for many: each gets two arguments', async () => {
    const { loads, saves, runAll, load } = sharing({ minDuration: 0 });
    await runAll(keys, increment);
    await load();
    expect([loads, saves].map(([call]) => call?.argumentCount)).toEqual([2, 2]);
    expect([loads, saves].map(([call]) => call?.signal instanceof AbortSignal)).toEqual([true, true]);
  });

  test('batches that want to load in the same turn are loaded by one call: also of runs a few microtasks apart', async () => {
    const { accounts, loads } = sharing();
    watch(accounts.run('alice', noop));
    watch(accounts.run('bob', noop));
    await settleDown();
    watch(accounts.run('carol', noop));
    await settleDown();
    expect(loads.map((each) => each.keys)).toEqual([['alice', 'bob'], ['carol']]);
  });

  test('batches that want to save in the same turn are saved by one (a flush, of what came at different times)', async () => {
    const { accounts, saves, runAll, load } = sharing();
    await runAll(['alice'], increment);
    await load();
    await runAll(['bob', 'carol'], increment);
    await load();
    watch(accounts.flush());
    await settleDown();
    expect(saves.map((each) => each.keys.sort())).toEqual([keys]);
  });

  test.each([1, 20, 100])('by one timer: a window of %d ms', async (minDuration) => {
    vi.useFakeTimers();
    const { saves, runAll, load } = sharing({ minDuration });
    const runs = await runAll(keys, increment);
    await load();
    await vi.advanceTimersByTimeAsync(minDuration - 1);
    expect(saves).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(saves.map((each) => each.keys)).toEqual([keys]);
    await saves[0]?.succeed();
    expect(outcomesOf(runs)).toEqual([1, 1, 1]);
  });

  test('A batch stays what it was: each with its own window', async () => {
    vi.useFakeTimers();
    const { saves, runAll, load } = sharing({ minDuration: 100 });
    await runAll(['alice'], increment);
    await load();
    await vi.advanceTimersByTimeAsync(40);
    await runAll(['bob'], increment);
    await load();
    await vi.advanceTimersByTimeAsync(60);
    expect(saves.map((each) => each.keys)).toEqual([['alice']]);
    await vi.advanceTimersByTimeAsync(40);
    expect(saves.map((each) => each.keys)).toEqual([['alice'], ['bob']]);
  });

  test('one that has nothing to save is in no save', async () => {
    const { accounts, saves, runAll, load } = sharing({ minDuration: 0 });
    const read = watch(accounts.read('dora', noop));
    await runAll(keys, increment);
    await load();
    expect(saves.map((each) => each.keys)).toEqual([keys]);
    expect(read.outcome.state).toBe('fulfilled');
  });

  test('one whose runs are cancelled in the same turn is in no load', async () => {
    const { accounts, loads } = sharing();
    const controller = new AbortController();
    watch(accounts.run('alice', noop));
    watch(accounts.run('bob', noop, { signal: controller.signal }));
    controller.abort();
    await settleDown();
    expect(loads.map((each) => each.keys)).toEqual([['alice']]);
  });
});

describe('one of each kind may be mixed', () => {
  test('loadResource with saveResources', async () => {
    const { loads, loadResource } = heldStore<{ count: number }>();
    const { saves, runAll } = sharing({ minDuration: 0, loadResources: undefined, loadResource });
    const runs = await runAll(keys, increment);
    expect(keysOf(loads)).toEqual(keys);
    await Promise.all(loads.map((load) => load.succeed({ count: 1 })));
    expect(saves.flatMap((save) => save.keys)).toEqual(keys);
    for (const save of saves)
      expect(save.batches[0]).toBe(loads[keys.indexOf(save.keys[0] as string)]?.batch);
    await Promise.all(saves.map((save) => save.succeed()));
    expect(outcomesOf(runs)).toEqual([2, 2, 2]);
  });

  test('loadResources with saveResource', async () => {
    const { saves, saveResource } = heldStore<{ count: number }>();
    const { loads, runAll, load } = sharing({ minDuration: 0, saveResources: undefined, saveResource });
    const runs = await runAll(keys, increment);
    await load();
    expect(keysOf(saves)).toEqual(keys);
    expect(saves.map(({ batch }) => batch)).toEqual(loads[0]?.batches);
    expect(saves.map(({ argumentCount }) => argumentCount)).toEqual([3, 3, 3]);
    await saves[1]?.succeed();
    expect(outcomesOf(runs)).toEqual(['pending', 1, 'pending']);
  });

  test('with saveResources alone the resource is undefined, and with loadResources alone nothing is saved', async () => {
    const saving = sharing<undefined>({ minDuration: 0, loadResources: undefined });
    await saving.runAll(keys, noop);
    expect(saving.saves[0]?.batches.map(({ resource }) => resource)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    const loading = sharing({ minDuration: 0, saveResources: undefined });
    const runs = await loading.runAll(keys, increment);
    await loading.load(counters(3));
    expect(outcomesOf(runs)).toEqual([1, 1, 1]);
  });
});

describe('with locks', () => {
  test('each loads when it has been locked, with those of that turn', async () => {
    const locks = new Map<string, (release: () => void) => void>();
    const released: string[] = [];
    const lockResource = (key: string) => new Promise((resolve) => locks.set(key, resolve));
    const { loads, saves, runAll, load } = sharing({ minDuration: 0, lockResource });
    await runAll(keys, increment);
    expect([[...locks.keys()], loads.length]).toEqual([keys, 0]);
    for (const key of ['carol', 'alice']) locks.get(key)?.(() => void released.push(key));
    await settleDown();
    expect(loads.map((each) => each.keys)).toEqual([['carol', 'alice']]);
    await load();
    expect(saves.map((each) => each.keys)).toEqual([['carol', 'alice']]);
    expect(released).toEqual([]);
    await saves[0]?.succeed([undefined, new Error('disk')]);
    expect(released).toEqual(['carol', 'alice']);
  });
});
