import { afterEach, describe, expect, test, vi } from 'vitest';
import { conflicting, fulfilled } from './conflicting.js';
import { afterMicrotasks, increment, settleDown, watch } from './support.js';

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** How long the pauses of a batch that has so many conflicts last, in ms, if `Math.random` gives always the same. */
async function pauses(random: number, conflicts: number): Promise<number[]> {
  vi.spyOn(Math, 'random').mockReturnValue(random);
  const { accounts, loads, load, refuse, commit } = conflicting({ retries: conflicts });
  const run = watch(accounts.run('alice', increment));
  const lasted: number[] = [];
  for (let conflict = 1; conflict <= conflicts; conflict++) {
    await load();
    await refuse();
    const refused = performance.now();
    while (loads.length === conflict && performance.now() - refused < 2_000) {
      await vi.advanceTimersByTimeAsync(1);
      await settleDown();
    }
    lasted.push(performance.now() - refused);
  }
  await load();
  await commit();
  expect(run.outcome).toEqual(fulfilled(1));
  return lasted;
}

describe('Between attempts passes a random time', () => {
  const longest = [5, 10, 20, 40, 80, 160, 320, 640, 1_000, 1_000, 1_000];

  test.each([
    ['the longest', 1 - 2 ** -53, longest],
    ['half of it', 0.5, longest.slice(0, 8).map((ms) => ms / 2)],
    ['a tenth', 0.1, longest.slice(0, 8).map((ms) => ms / 10)],
    ['none', 0, longest.map(() => 0)],
  ])(
    'from 0 to 5 ms the first time, twice as much each further time, at most 1 s (%s)',
    async (_, random, expected) => {
      const lasted = await pauses(random, expected.length);
      // A timer counts in whole milliseconds, and never in none.
      expected.forEach((ms, pause) => {
        expect(lasted[pause], `pause ${pause + 1} of ${ms} ms`).toBeGreaterThanOrEqual(Math.floor(ms));
        expect(lasted[pause], `pause ${pause + 1} of ${ms} ms`).toBeLessThanOrEqual(Math.ceil(ms) + 1);
      });
    },
  );

  test('each pause is another one', async () => {
    const random = vi.spyOn(Math, 'random').mockReturnValueOnce(0.2).mockReturnValueOnce(0.9);
    const { accounts, loads, load, refuse } = conflicting();
    watch(accounts.run('alice', increment));
    await load();
    await refuse();
    await vi.advanceTimersByTimeAsync(2);
    await settleDown();
    expect(loads).toHaveLength(2);
    await load();
    await refuse();
    await vi.advanceTimersByTimeAsync(7);
    await settleDown();
    expect(loads).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(3);
    await settleDown();
    expect(loads).toHaveLength(3);
    expect(random).toHaveBeenCalledTimes(2);
  });

  describe('a flush and a stop do not wait for it', () => {
    const ends = [
      ['flush()', 'flush', []],
      ['flush(key)', 'flush', ['alice']],
      ['stop()', 'stop', []],
    ] as const;

    test.each(ends)('%s in the midst of it', async (_, method, args) => {
      const { accounts, loads, load, refuse, commit } = conflicting();
      const run = watch(accounts.run('alice', increment));
      await load();
      await refuse();
      expect(loads).toHaveLength(1);
      const ended = watch(accounts[method](...(args as [])));
      await settleDown();
      expect(loads).toHaveLength(2);
      expect(ended.outcome.state).toBe('pending');
      await load({ count: 7 });
      await commit();
      expect(run.outcome).toEqual(fulfilled(8));
      expect(ended.outcome).toEqual(fulfilled(undefined));
    });

    test.each(ends)('%s while the save is under way', async (_, method, args) => {
      const { accounts, loads, load, refuse, commit } = conflicting();
      const run = watch(accounts.run('alice', increment));
      await load();
      const ended = watch(accounts[method](...(args as [])));
      for (let conflict = 1; conflict <= 3; conflict++) {
        await refuse();
        expect(loads).toHaveLength(conflict + 1);
        await load();
      }
      await commit();
      expect([run.outcome, ended.outcome]).toEqual([fulfilled(1), fulfilled(undefined)]);
    });

    test('only microtasks pass from flush() to the next load', async () => {
      const { accounts, loads, load, refuse } = conflicting();
      watch(accounts.run('alice', increment));
      await load();
      await refuse();
      watch(accounts.flush());
      expect(await afterMicrotasks(() => loads.length)).toBe(2);
    });

    test('flush of another key leaves it alone', async () => {
      const { accounts, loads, load, refuse } = conflicting();
      watch(accounts.run('alice', increment));
      await load();
      await refuse();
      await accounts.flush('bob');
      await settleDown();
      expect(loads).toHaveLength(1);
    });
  });

  test('no timer is left when the batch has ended', async () => {
    const { accounts, load, refuse, commit } = conflicting();
    watch(accounts.run('alice', increment));
    await load();
    await refuse();
    expect(vi.getTimerCount()).toBe(1);
    watch(accounts.flush());
    await load();
    await commit();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('not after its maxDuration', () => {
  const options = { minDuration: 0, maxDuration: 100 };

  test('a conflict that comes later is a failed save', async () => {
    const { accounts, loads, load, conflict } = conflicting(options);
    const run = watch(accounts.run('alice', increment));
    await load();
    await vi.advanceTimersByTimeAsync(100);
    const cause = new Error('stale', { cause: loads[0]?.batch.signal.reason });
    await conflict(Object.assign(cause, { code: 'ERR_CONFLICT' }));
    expect(loads).toHaveLength(1);
    expect(run.outcome).toMatchObject({ state: 'rejected', reason: { code: 'ERR_SAVE_FAILED', cause } });
  });

  test('one that passes between two attempts, too: the rest of that time is not waited for', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.99);
    const { accounts, loads, load, refuse } = conflicting(options);
    const run = watch(accounts.run('alice', increment));
    await load();
    await vi.advanceTimersByTimeAsync(97);
    await refuse();
    await vi.advanceTimersByTimeAsync(3);
    await settleDown();
    expect(loads).toHaveLength(1);
    expect(run.outcome).toMatchObject({ state: 'rejected', reason: { code: 'ERR_SAVE_FAILED' } });
  });

  test('one that passes while the batch waits for a place to load again, too, with what its last attempt has come to', async () => {
    const { accounts, loads, load, saves, refuse } = conflicting({ ...options, concurrency: 1 });
    const run = watch(accounts.run('alice', increment));
    await load();
    watch(accounts.run('bob', increment));
    await settleDown();
    await refuse();
    expect(loads.map(({ key }) => key)).toEqual(['alice', 'bob']);
    await vi.advanceTimersByTimeAsync(99);
    expect(run.outcome.state).toBe('pending');
    await vi.advanceTimersByTimeAsync(1);
    await settleDown();
    expect(run.outcome).toMatchObject({
      state: 'rejected',
      reason: { code: 'ERR_SAVE_FAILED', operationCount: 1, cause: { code: 'ERR_CONFLICT' } },
    });
    await load();
    expect(loads).toHaveLength(2);
    expect(saves.map(({ key }) => key)).toEqual(['alice', 'bob']);
  });

  test('nor after a stop has aborted its signal: during the save', async () => {
    const { accounts, loads, load, conflict } = conflicting();
    const run = watch(accounts.run('alice', increment));
    await load();
    const controller = new AbortController();
    watch(accounts.stop({ signal: controller.signal }));
    await settleDown();
    controller.abort();
    await conflict();
    expect(loads).toHaveLength(1);
    expect(run.outcome).toMatchObject({ state: 'rejected', reason: { code: 'ERR_SAVE_FAILED' } });
  });

  test('nor after a stop has aborted its signal: at once between two attempts', async () => {
    const { accounts, loads, load, refuse } = conflicting();
    const run = watch(accounts.run('alice', increment));
    await load();
    await refuse();
    watch(accounts.stop({ signal: AbortSignal.abort() }));
    await settleDown();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(loads).toHaveLength(1);
    expect(run.outcome).toMatchObject({ state: 'rejected', reason: { code: 'ERR_SAVE_FAILED' } });
  });
});
