import { BatchError, ConflictError } from 'groupcommit';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { outcomesOf, sharing } from './sharing.js';
import { increment, settleDown, watch } from './support.js';

const keys = ['alice', 'bob', 'carol'];
const longest = 1_000;

afterEach(() => {
  vi.useRealTimers();
});

/** The batches of all three, which are being saved by one call. Timers are faked. */
async function saving(options: object = {}) {
  vi.useFakeTimers();
  const held = sharing({ minDuration: 0, retries: 10, ...options });
  const runs = await held.runAll(keys, increment);
  await held.load();
  expect(held.saves).toHaveLength(1);
  /** Ends the latest save, and the pause after it. */
  const save = async (result?: unknown) => {
    await held.saves.at(-1)?.succeed(result);
    await vi.advanceTimersByTimeAsync(longest);
  };
  return { ...held, runs, save };
}

describe('in saveResources such an error is in the place of its batch', () => {
  test.each([
    ['a ConflictError', new ConflictError('stale')],
    ['any error whose code is ERR_CONFLICT', Object.assign(new Error('stale'), { code: 'ERR_CONFLICT' })],
  ])('that batch alone starts over: %s', async (_, conflict) => {
    const { loads, saves, runs, load, save } = await saving();
    await save([undefined, conflict, undefined]);
    expect(outcomesOf(runs)).toEqual([1, 'pending', 1]);
    expect(loads.map((each) => each.keys)).toEqual([keys, ['bob']]);
    await load([{ count: 10 }]);
    expect(saves.map((each) => each.keys)).toEqual([keys, ['bob']]);
    expect(saves[1]?.batches[0]).toBe(saves[0]?.batches[1]);
    expect(saves[1]?.batches[0]?.resource).toEqual({ count: 11 });
    await save();
    expect(outcomesOf(runs)).toEqual([1, 11, 1]);
  });

  test('two that start over may meet again, or not', async () => {
    const { saves, runs, loads, save } = await saving();
    await save([new ConflictError(), undefined, new ConflictError()]);
    expect(
      loads
        .slice(1)
        .flatMap((each) => each.keys)
        .sort(),
    ).toEqual(['alice', 'carol']);
    for (const each of loads.slice(1)) await each.succeed(each.keys.map(() => ({ count: 5 })));
    expect(
      saves
        .slice(1)
        .flatMap((each) => each.keys)
        .sort(),
    ).toEqual(['alice', 'carol']);
    for (const each of saves.slice(1)) await each.succeed();
    expect(outcomesOf(runs)).toEqual([6, 1, 6]);
  });

  test('a call that rejects with one is a conflict of all', async () => {
    const { loads, runs, saves } = await saving();
    await saves[0]?.fail(new ConflictError());
    await vi.advanceTimersByTimeAsync(longest);
    expect(
      loads
        .slice(1)
        .flatMap((each) => each.keys)
        .sort(),
    ).toEqual(keys);
    expect(outcomesOf(runs)).toEqual(['pending', 'pending', 'pending']);
  });

  test("with retries 0 it is that batch's failed save", async () => {
    const { loads, runs, save } = await saving({ retries: 0 });
    const conflict = new ConflictError();
    await save([undefined, conflict, undefined]);
    expect(outcomesOf(runs)).toEqual([1, expect.any(BatchError), 1]);
    expect(outcomesOf(runs)[1]).toMatchObject({ code: 'ERR_SAVE_FAILED', key: 'bob', cause: conflict });
    expect(loads).toHaveLength(1);
  });

  test('in loadResources it is a failed load', async () => {
    vi.useFakeTimers();
    const { loads, saves, runAll, load } = sharing({ minDuration: 0, retries: 10 });
    const runs = await runAll(keys, increment);
    await load([new ConflictError(), { count: 0 }, { count: 0 }]);
    await vi.advanceTimersByTimeAsync(longest);
    expect(outcomesOf(runs)[0]).toMatchObject({ code: 'ERR_LOAD_FAILED', key: 'alice' });
    expect([loads.length, saves[0]?.keys]).toEqual([1, ['bob', 'carol']]);
  });

  test('at most retries times, each batch for itself', async () => {
    const { loads, runs, load, save, saves } = await saving({ retries: 2 });
    await save([undefined, new ConflictError('1'), undefined]);
    await load();
    await save([new ConflictError('2')]);
    await load();
    const last = new ConflictError('3');
    await save([last]);
    expect([loads.length, saves.length]).toEqual([3, 3]);
    expect(outcomesOf(runs)[1]).toMatchObject({ code: 'ERR_SAVE_FAILED', cause: last });
  });

  test('it starts over with what else wants to load in that turn', async () => {
    const { accounts, loads, saves, runs, runAll } = await saving();
    await saves[0]?.succeed([undefined, new ConflictError(), undefined]);
    watch(accounts.flush());
    const next = runAll(['dora'], increment);
    await settleDown();
    expect(
      loads
        .slice(1)
        .flatMap((each) => each.keys)
        .sort(),
    ).toEqual(['bob', 'dora']);
    for (const each of loads.slice(1)) await each.succeed(each.keys.map(() => ({ count: 5 })));
    for (const each of saves.slice(1)) await each.succeed();
    expect(outcomesOf([...runs, ...(await next)])).toEqual([1, 6, 1, 6]);
  });

  test('the lock is still held, and the metric tells the attempts', async () => {
    const log: string[] = [];
    const lockResource = (key: string) => (log.push(`lock ${key}`), () => void log.push(`release ${key}`));
    const { accounts, load, save } = await saving({ lockResource });
    accounts.subscribeBatchMetrics(({ resourceKey, attempts, loadedTogether, savedTogether }) => {
      log.push(`${resourceKey}: ${attempts} attempts, together ${loadedTogether} and ${savedTogether}`);
    });
    await save([undefined, new ConflictError(), undefined]);
    await load();
    await save();
    expect(log).toEqual([
      ...keys.map((key) => `lock ${key}`),
      ...['alice', 'carol'].flatMap((key) => [`release ${key}`, `${key}: 1 attempts, together 3 and 3`]),
      'release bob',
      'bob: 2 attempts, together 1 and 1',
    ]);
  });
});
