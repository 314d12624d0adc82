import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { conflicting, fulfilled } from './conflicting.js';
import { increment, minute, noop, rejectionOf, settleDown, watch } from './support.js';

afterEach(() => {
  vi.useRealTimers();
});

describe('Runs that come meanwhile form the next batch', () => {
  test('during the save, between the attempts, during the load and the save of a later attempt', async () => {
    const { accounts, loads, saves, load, refuse, commit, calls } = conflicting();
    const log: string[] = [];
    const run = (name: string) => watch(accounts.run('alice', () => void log.push(name)));
    run('first');
    await load();
    const next = [run('while it saves')];
    await refuse();
    next.push(run('between attempts'));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(loads).toHaveLength(2);
    next.push(run('while it loads again'));
    await load();
    next.push(run('while it saves again'));
    expect(log).toEqual(['first', 'first']);
    await commit();
    expect(loads).toHaveLength(3);
    expect(next.map(({ outcome }) => outcome.state)).toEqual(Array(4).fill('pending'));
    await load();
    await commit();
    expect(log.slice(2)).toEqual([
      'while it saves',
      'between attempts',
      'while it loads again',
      'while it saves again',
    ]);
    expect(saves).toHaveLength(3);
    expect(next.map(({ outcome }) => outcome.state)).toEqual(Array(4).fill('fulfilled'));
    const attempt = ['load alice', 'loaded alice', 'save alice'];
    const conflicted = [...attempt, 'save of alice failed'];
    expect(calls).toEqual([...conflicted, ...attempt, 'saved alice', ...attempt, 'saved alice']);
  });

  test.each(['while it saves', 'between attempts', 'while it loads again', 'while it saves again'])(
    'also if there is only one: %s',
    async (moment) => {
      const { accounts, loads, load, refuse, commit } = conflicting();
      const log: string[] = [];
      const now = (each: string) => {
        if (each === moment) watch(accounts.run('alice', () => void log.push('next')));
      };
      watch(accounts.run('alice', () => void log.push('first')));
      await load();
      now('while it saves');
      await refuse();
      now('between attempts');
      await vi.advanceTimersByTimeAsync(1_000);
      now('while it loads again');
      await load();
      now('while it saves again');
      await commit();
      expect(log).toEqual(['first', 'first']);
      await load();
      expect(loads).toHaveLength(3);
      expect(log).toEqual(['first', 'first', 'next']);
    },
  );

  test('also while there would be time left of its window', async () => {
    const { accounts, loads, load, refuse, commit } = conflicting({ minDuration: minute });
    const log: string[] = [];
    watch(accounts.run('alice', () => void log.push('first')));
    await load();
    watch(accounts.flush());
    await refuse();
    watch(accounts.run('alice', () => void log.push('next')));
    await load();
    await commit();
    expect(log).toEqual(['first', 'first']);
    expect(loads).toHaveLength(3);
  });

  test('what an operation queues, each time that it runs', async () => {
    const { accounts, saves, load, conflict, commit } = conflicting();
    const queued: ReturnType<typeof watch>[] = [];
    watch(accounts.run('alice', () => void queued.push(watch(accounts.run('alice', increment)))));
    await load();
    await conflict();
    await load();
    await commit();
    expect(queued.map(({ outcome }) => outcome.state)).toEqual(['pending', 'pending']);
    await load({ count: 5 });
    expect(saves.at(-1)?.resource).toEqual({ count: 7 });
    await commit();
    expect(queued.map(({ outcome }) => outcome)).toEqual([fulfilled(6), fulfilled(7)]);
  });

  test('the next batch has retries of its own', async () => {
    const { accounts, loads, load, conflict, commit } = conflicting({ retries: 1 });
    const runs = [watch(accounts.run('alice', increment))];
    await load();
    runs.push(watch(accounts.run('alice', increment)));
    await conflict();
    await load();
    await conflict();
    await load();
    await conflict();
    expect(loads).toHaveLength(4);
    await load();
    await commit();
    expect(runs.map(({ outcome }) => outcome)).toMatchObject([
      { state: 'rejected', reason: { code: 'ERR_SAVE_FAILED' } },
      fulfilled(1),
    ]);
  });

  test('stop waits for all attempts, and takes no more runs', async () => {
    const { accounts, load, refuse, commit } = conflicting();
    const run = watch(accounts.run('alice', increment));
    await load();
    await refuse();
    const stopped = watch(accounts.stop());
    expect(await rejectionOf(accounts.run('alice', noop))).toMatchObject({ code: 'ERR_PROCESSOR_STOPPED' });
    await load();
    expect(stopped.outcome.state).toBe('pending');
    await commit();
    expect([run.outcome, stopped.outcome]).toEqual([fulfilled(1), fulfilled(undefined)]);
  });
});

describe('concurrency limits the loads and saves of later attempts, too', () => {
  test('between two attempts a batch has no place', async () => {
    const { accounts, loads, load, refuse } = conflicting({ concurrency: 1 });
    watch(accounts.run('alice', increment));
    await load();
    watch(accounts.run('bob', increment));
    await settleDown();
    expect(loads).toHaveLength(1);
    await refuse();
    expect(loads.map(({ key }) => key)).toEqual(['alice', 'bob']);
  });

  test('and asks for one when the time has passed, in the order of asking', async () => {
    const { accounts, loads, saves, load, conflict } = conflicting({ concurrency: 1 });
    const alice = watch(accounts.run('alice', increment));
    await load();
    watch(accounts.run('bob', increment));
    await conflict();
    watch(accounts.run('carol', increment));
    await settleDown();
    expect(loads.map(({ key }) => key)).toEqual(['alice', 'bob']);
    await loads[1]?.succeed({ count: 0 });
    expect(loads.map(({ key }) => key)).toEqual(['alice', 'bob', 'alice']);
    await loads[2]?.succeed({ count: 10 });
    expect(loads.map(({ key }) => key)).toEqual(['alice', 'bob', 'alice', 'carol']);
    await loads[3]?.succeed({ count: 0 });
    expect(saves.map(({ key }) => key)).toEqual(['alice', 'bob']);
    await saves[1]?.succeed();
    expect(saves.map(({ key }) => key)).toEqual(['alice', 'bob', 'alice']);
    await saves[2]?.succeed();
    expect(alice.outcome).toEqual(fulfilled(11));
  });
});

describe('Asynchronous context', () => {
  test('an operation runs in that of its caller, also in later attempts; load and save in that of the run that began the batch', async () => {
    const tenant = new AsyncLocalStorage<string>();
    const log: string[] = [];
    const see = (what: string) => void log.push(`${what}: ${tenant.getStore()}`);
    const { accounts, loads, saves, load, conflict, commit } = conflicting({});
    const spy = (list: unknown[], what: string) => {
      const push = list.push.bind(list);
      list.push = (...items) => (see(what), push(...items));
    };
    spy(loads, 'load');
    spy(saves, 'save');
    for (const store of ['A', 'B', 'C'])
      tenant.run(store, () => watch(accounts.run('alice', () => see('run'))));
    await load();
    await tenant.run('D', () => conflict());
    await tenant.run('E', () => load());
    await tenant.run('F', () => conflict());
    await load();
    await commit();
    const attempt = ['load: A', 'run: A', 'run: B', 'run: C', 'save: A'];
    expect(log).toEqual([...attempt, ...attempt, ...attempt]);
  });
});
