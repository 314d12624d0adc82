import { afterEach, describe, expect, test, vi } from 'vitest';
import { conflicting, fulfilled, rejected } from './conflicting.js';
import { increment, watch } from './support.js';

afterEach(() => {
  vi.useRealTimers();
});

const fail = (error: unknown) => {
  throw error;
};

describe("What the last attempt gave is each run's outcome", () => {
  test('for a run, an update and a read', async () => {
    const { accounts, load, saves, conflict, commit } = conflicting<{ count: number }>();
    const runs = [
      accounts.run('alice', increment),
      accounts.update('alice', ({ count }) => ({ count: count * 2 })),
      accounts.read('alice', ({ count }) => `read ${count}`),
      accounts.run('alice', increment),
    ].map(watch);
    await load({ count: 0 });
    expect(saves[0]?.resource).toEqual({ count: 3 });
    await conflict();
    await load({ count: 10 });
    expect(saves[1]?.resource).toEqual({ count: 23 });
    expect(runs.map((run) => run.outcome.state)).toEqual(Array(4).fill('pending'));
    await commit();
    expect(runs.map((run) => run.outcome)).toEqual([11, { count: 23 }, 'read 22', 23].map(fulfilled));
  });

  test('also where it threw this time and not before, or the other way round', async () => {
    const { accounts, load, conflict, commit } = conflicting();
    const poor = new Error('insufficient funds');
    const rich = new Error('too much');
    const runs = [
      accounts.run('alice', (counter) => (counter.count < 5 ? fail(poor) : 'enough')),
      accounts.run('alice', (counter) => (counter.count < 5 ? 'little' : fail(rich))),
      accounts.run('alice', ({ count }) => fail(count)),
      accounts.run('alice', () => 'always'),
    ].map(watch);
    await load({ count: 0 });
    await conflict();
    await load({ count: 5 });
    await commit();
    expect(runs.map((run) => run.outcome)).toEqual([
      fulfilled('enough'),
      rejected(rich),
      rejected(5),
      fulfilled('always'),
    ]);
  });

  test('also where it returned a promise this time and not before, or the other way round', async () => {
    const { accounts, load, conflict, commit } = conflicting();
    const promiseIf = (is: (count: number) => boolean) =>
      watch(
        accounts.run('alice', (({ count }: { count: number }) =>
          is(count) ? Promise.resolve() : 'plain') as never),
      );
    const runs = [promiseIf((count) => count < 5), promiseIf((count) => count >= 5)];
    watch(accounts.run('alice', increment));
    await load({ count: 0 });
    await conflict();
    await load({ count: 5 });
    await commit();
    expect(runs.map((run) => run.outcome)).toEqual([fulfilled('plain'), rejected(expect.any(TypeError))]);
  });

  test('A batch that saves nothing has no conflict: it ends well when no change is left to save', async () => {
    const { accounts, loads, saves, load, conflict } = conflicting();
    const gone = new Error('gone');
    const change = watch(accounts.run('alice', ({ count }) => (count === 0 ? 'changed' : fail(gone))));
    const read = watch(accounts.read('alice', ({ count }) => count));
    await load({ count: 0 });
    await conflict();
    await load({ count: 7 });
    expect([loads.length, saves.length]).toEqual([2, 1]);
    expect([change, read].map((run) => run.outcome)).toEqual([rejected(gone), fulfilled(7)]);
  });

  test('A batch that saves nothing has no conflict: one that only reads loads once', async () => {
    const { accounts, loads, saves, load } = conflicting();
    const read = watch(accounts.read('alice', ({ count }) => count));
    await load({ count: 7 });
    expect([loads.length, saves.length]).toEqual([1, 0]);
    expect(read.outcome).toEqual(fulfilled(7));
  });

  test.each(['load', 'save'] as const)('a failure other than a conflict counts, too (%s)', async (phase) => {
    const { accounts, loads, saves, load, conflict } = conflicting();
    const run = watch(accounts.run('alice', increment));
    await load();
    await conflict();
    const cause = new Error('disk');
    if (phase === 'save') await load();
    await (phase === 'load' ? loads : saves)[1]?.fail(cause);
    expect(run.outcome).toMatchObject({ state: 'rejected', reason: { phase, cause } });
    expect(loads).toHaveLength(2);
    await accounts.stop();
  });
});
