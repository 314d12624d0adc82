import { startProcessor } from 'groupcommit';
import { describe, expect, test } from 'vitest';
import { increment, noop, open, rejectionOf, settleDown, watch } from './support.js';

describe('stop', () => {
  test('no new runs; otherwise like flush(): the windows close, it resolves when every run has settled', async () => {
    const { accounts, loads, saves } = open();
    const runs = [watch(accounts.run('alice', increment)), watch(accounts.run('bob', increment))];
    await settleDown();
    await loads[0]?.succeed({ count: 0 });
    watch(accounts.flush('alice'));
    await settleDown();
    runs.push(watch(accounts.run('alice', increment)));
    const stopped = watch(accounts.stop());
    expect(await rejectionOf(accounts.run('alice', noop))).toMatchObject({ code: 'ERR_PROCESSOR_STOPPED' });
    expect(await rejectionOf(accounts.run('carol', noop))).toMatchObject({ code: 'ERR_PROCESSOR_STOPPED' });
    expect(loads).toHaveLength(2);
    await loads[1]?.succeed({ count: 0 });
    expect(saves).toHaveLength(2);
    await saves[0]?.succeed();
    await saves[1]?.succeed();
    expect(stopped.outcome.state).toBe('pending');
    await loads[2]?.succeed({ count: 1 });
    expect(saves[2]?.resource).toEqual({ count: 2 });
    expect(stopped.outcome.state).toBe('pending');
    await saves[2]?.succeed();
    expect(stopped.outcome).toEqual({ state: 'fulfilled', value: undefined });
    expect(runs.map((run) => run.outcome.state)).toEqual(Array(3).fill('fulfilled'));
  });

  test('never rejects', async () => {
    const { accounts, loads } = open();
    const run = watch(accounts.run('alice', noop));
    const stopped = watch(accounts.stop());
    await settleDown();
    await loads[0]?.fail(new Error('disk'));
    expect(run.outcome.state).toBe('rejected');
    expect(stopped.outcome.state).toBe('fulfilled');
  });

  test('Idempotent: each call returns a promise for the same end', async () => {
    const { accounts, loads, saves } = open();
    watch(accounts.run('alice', increment));
    const ends = [watch(accounts.stop()), watch(accounts.stop())];
    await settleDown();
    ends.push(watch(accounts.stop()), watch(accounts[Symbol.asyncDispose]()));
    await loads[0]?.succeed({ count: 0 });
    expect(ends.map((end) => end.outcome.state)).toEqual(Array(4).fill('pending'));
    expect(saves).toHaveLength(1);
    await saves[0]?.succeed();
    expect(ends.map((end) => end.outcome)).toEqual(Array(4).fill({ state: 'fulfilled', value: undefined }));
    const late = watch(accounts.stop());
    await settleDown();
    expect(late.outcome.state).toBe('fulfilled');
  });

  test('of a processor that never ran resolves at once', async () => {
    await startProcessor().stop();
  });

  test('flush after stop waits for the same runs', async () => {
    const { accounts, loads, saves } = open();
    watch(accounts.run('alice', increment));
    watch(accounts.stop());
    const flushed = watch(accounts.flush());
    await settleDown();
    await loads[0]?.succeed({ count: 0 });
    expect(flushed.outcome.state).toBe('pending');
    await saves[0]?.succeed();
    expect(flushed.outcome.state).toBe('fulfilled');
    await accounts.flush();
  });

  test('Symbol.asyncDispose calls it', async () => {
    const { accounts, loads, saves } = open();
    watch(accounts.run('alice', increment));
    const disposed = watch(accounts[Symbol.asyncDispose]());
    expect(await rejectionOf(accounts.run('alice', noop))).toMatchObject({ code: 'ERR_PROCESSOR_STOPPED' });
    await settleDown();
    await loads[0]?.succeed({ count: 0 });
    expect(disposed.outcome.state).toBe('pending');
    await saves[0]?.succeed();
    expect(disposed.outcome.state).toBe('fulfilled');
  });
});
