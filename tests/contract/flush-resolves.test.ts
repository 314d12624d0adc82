import { type Processor, startProcessor } from 'groupcommit';
import { describe, expect, test } from 'vitest';
import { type Counter, increment, minute, noop, open, rejectionOf, settleDown, watch } from './support.js';

describe('It resolves when every run accepted before it has settled', () => {
  test('all of them, in all states', async () => {
    const { accounts, loads, saves } = open();
    const runs = [watch(accounts.run('alice', increment))];
    await settleDown();
    await loads[0]?.succeed({ count: 0 });
    watch(accounts.flush());
    await settleDown();
    runs.push(watch(accounts.run('alice', increment)), watch(accounts.run('bob', increment)));
    await settleDown();
    const seen: string[] = [];
    const flushed = accounts.flush().then((value) => {
      seen.push(...runs.map((run) => run.outcome.state));
      return value;
    });
    await settleDown();
    await saves[0]?.succeed();
    await loads[1]?.fail(new Error('disk'));
    expect(seen).toEqual([]);
    await loads[2]?.succeed({ count: 1 });
    expect(seen).toEqual([]);
    await saves[1]?.fail(new Error('disk'));
    expect(seen).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(await flushed).toBeUndefined();
  });

  test.each([
    ['flush()', (accounts: Processor<Counter>) => accounts.flush()],
    ['flush(key)', (accounts: Processor<Counter>) => accounts.flush('bob')],
    ['stop()', (accounts: Processor<Counter>) => accounts.stop()],
  ])(
    'those too whose batch has ended, and whose turn has not come: %s by the first who hears',
    async (_name, end) => {
      const accounts = startProcessor<Counter>({ minDuration: 0, loadResource: () => ({ count: 0 }) });
      const heard: string[] = [];
      const ended = accounts.run('alice', increment).then(async () => {
        await end(accounts);
        heard.push('end');
      });
      for (let run = 0; run < 100; run++) {
        for (const key of ['alice', 'bob', 'carol']) accounts.run(key, increment).then(() => heard.push(key));
      }
      await ended;
      expect(heard).toHaveLength(301);
      expect(heard.at(-1)).toBe('end');
    },
  );

  test('also where the batch that ended last has nothing to settle', async () => {
    const accounts = startProcessor<Counter>({ minDuration: 0, loadResource: () => ({ count: 0 }) });
    const controller = new AbortController();
    let heard = 0;
    let heardBefore = 0;
    const ended = accounts.run('alice', increment).then(async () => {
      await accounts.flush();
      heardBefore = heard;
    });
    for (let run = 0; run < 100; run++) {
      for (const key of ['alice', 'bob']) accounts.run(key, increment).then(() => heard++);
    }
    const cancelled = rejectionOf(accounts.run('carol', increment, { signal: controller.signal }));
    controller.abort();
    await Promise.all([ended, cancelled]);
    expect(heardBefore).toBe(200);
  });

  test('at once where there is nothing', async () => {
    const { accounts } = open();
    const flushed = [watch(accounts.flush()), watch(accounts.flush('nobody'))];
    await settleDown();
    expect(flushed.map((flush) => flush.outcome)).toEqual(
      Array(2).fill({ state: 'fulfilled', value: undefined }),
    );
  });

  test('it does not wait for runs that were accepted after it', async () => {
    const { accounts, loads, saves } = open({ minDuration: 0 });
    watch(accounts.run('alice', increment));
    await settleDown();
    await loads[0]?.succeed({ count: 0 });
    const flushed = watch(accounts.flush());
    watch(accounts.run('alice', increment));
    watch(accounts.run('bob', increment));
    await settleDown();
    await saves[0]?.succeed();
    expect(flushed.outcome.state).toBe('fulfilled');
    expect(accounts.pending).toBe(2);
  });

  test('flush(key) does not wait for other keys', async () => {
    const { accounts, loads, saves } = open();
    watch(accounts.run('hangs', increment));
    watch(accounts.run('alice', increment));
    const flushed = watch(accounts.flush('alice'));
    await settleDown();
    await loads[1]?.succeed({ count: 0 });
    await saves[0]?.succeed();
    expect(flushed.outcome.state).toBe('fulfilled');
  });

  test('a second flush while one is under way', async () => {
    const { accounts, loads, saves } = open();
    watch(accounts.run('alice', increment));
    const first = watch(accounts.flush());
    watch(accounts.run('alice', increment));
    const second = watch(accounts.flush('alice'));
    await settleDown();
    await loads[0]?.succeed({ count: 0 });
    await saves[0]?.succeed();
    expect([first, second].map((flush) => flush.outcome.state)).toEqual(['fulfilled', 'pending']);
    await loads[1]?.succeed({ count: 1 });
    await saves[1]?.succeed();
    expect(second.outcome.state).toBe('fulfilled');
  });

  test('cancelled runs have settled', async () => {
    const { accounts, loads, saves } = open();
    const controller = new AbortController();
    watch(accounts.run('alice', increment));
    watch(accounts.run('alice', increment, { signal: controller.signal }));
    const flushed = watch(accounts.flush());
    controller.abort();
    await settleDown();
    expect(flushed.outcome.state).toBe('pending');
    await loads[0]?.succeed({ count: 0 });
    await saves[0]?.succeed();
    expect(flushed.outcome.state).toBe('fulfilled');
  });

  test("and never rejects: the outcome is each run's own", async () => {
    const accounts = startProcessor<Counter>({
      minDuration: minute,
      loadResource: (key) => {
        if (key === 'bad load') throw new Error('disk');
        return { count: 0 };
      },
      saveResource: () => Promise.reject(new Error('disk')),
    });
    const controller = new AbortController();
    const runs = [
      watch(accounts.run('bad load', noop)),
      watch(accounts.run('bad save', noop)),
      watch(
        accounts.read('refused', () => {
          throw new Error('refused');
        }),
      ),
      watch(accounts.run('cancelled', noop, { signal: controller.signal })),
    ];
    controller.abort();
    await accounts.flush();
    await accounts.flush('bad load');
    expect(runs.map((run) => run.outcome.state)).toEqual(Array(4).fill('rejected'));
  });
});
