import { BatchError, startProcessor } from 'groupcommit';
import { describe, expect, test } from 'vitest';
import { type Counter, methods, noop, open, rejectionOf, settleDown, watch } from './support.js';

describe('What a caller gets', () => {
  describe('A load that fails', () => {
    test('ends the batch: every run that had joined it rejects, nothing is saved', async () => {
      const { accounts, loads, saves } = open();
      let ran = 0;
      const runs = methods.map((method) =>
        watch(accounts[method as 'run']('alice', (counter) => (ran++, counter))),
      );
      await settleDown();
      runs.push(watch(accounts.run('alice', () => ran++)));
      await loads[0]?.fail(new Error('disk'));
      for (const run of runs)
        expect(run.outcome).toMatchObject({ state: 'rejected', reason: { code: 'ERR_LOAD_FAILED' } });
      expect(ran).toBe(0);
      expect(saves).toHaveLength(0);
      expect(accounts.pending).toBe(0);
    });

    test('at once, not at the end of the window', async () => {
      const accounts = startProcessor<Counter>({
        minDuration: 2 ** 31 - 1,
        loadResource: () => Promise.reject(new Error('disk')),
      });
      expect(await rejectionOf(accounts.run('alice', noop))).toBeInstanceOf(BatchError);
    });
  });

  test('A save that fails likewise', async () => {
    const { accounts, load, saves } = open();
    const runs = methods.map((method) => watch(accounts[method as 'run']('alice', (counter) => counter)));
    await load();
    runs.push(watch(accounts.run('alice', noop)));
    watch(accounts.flush());
    await settleDown();
    await saves[0]?.fail(new Error('disk'));
    for (const run of runs)
      expect(run.outcome).toMatchObject({ state: 'rejected', reason: { code: 'ERR_SAVE_FAILED' } });
    expect(saves).toHaveLength(1);
    expect(accounts.pending).toBe(0);
  });

  test('Runs waiting for the next batch are untouched by it', async () => {
    const { accounts, loads, saves, load } = open();
    const first = watch(accounts.run('alice', noop));
    await load();
    watch(accounts.flush());
    await settleDown();
    const second = watch(accounts.run('alice', (counter) => ++counter.count));
    await saves[0]?.fail(new Error('disk'));
    expect(first.outcome.state).toBe('rejected');
    expect(second.outcome.state).toBe('pending');
    await loads[1]?.succeed({ count: 5 });
    watch(accounts.flush());
    await settleDown();
    await saves[1]?.succeed();
    expect(second.outcome).toEqual({ state: 'fulfilled', value: 6 });
  });

  test('Runs waiting for the next batch are untouched by a load that fails', async () => {
    const { accounts, loads } = open();
    const first = watch(accounts.run('alice', noop));
    watch(accounts.flush());
    const second = watch(accounts.run('alice', noop));
    await settleDown();
    await loads[0]?.fail(new Error('disk'));
    expect(first.outcome.state).toBe('rejected');
    expect(second.outcome.state).toBe('pending');
    expect(loads).toHaveLength(2);
  });
});
