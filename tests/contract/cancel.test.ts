import { OperationCancelledError } from 'groupcommit';
import { describe, expect, test } from 'vitest';
import { methods, noop, open, rejectionOf, settleDown, watch } from './support.js';

describe('Cancelling: a run whose signal aborts before its operation ran', () => {
  for (const method of methods) {
    test(`rejects at once with OperationCancelledError, and the operation never runs (${method})`, async () => {
      const { accounts, load, save } = open();
      const controller = new AbortController();
      const reason = { why: 'left the page' };
      let ran = false;
      const other = accounts.run('alice', (counter) => ++counter.count);
      const cancelled = watch(
        accounts[method as 'run']('alice', (counter) => ((ran = true), counter), {
          signal: controller.signal,
        }),
      );
      await settleDown();
      expect(cancelled.outcome.state).toBe('pending');
      controller.abort(reason);
      await Promise.resolve();
      await settleDown();
      const error = (cancelled.outcome as unknown as { reason: OperationCancelledError }).reason;
      expect(error).toBeInstanceOf(OperationCancelledError);
      expect(error).toBeInstanceOf(Error);
      expect(error.name).toBe('OperationCancelledError');
      expect(error.code).toBe('ERR_OPERATION_CANCELLED');
      expect(error.cause).toBe(reason);
      expect(error.message).toEqual(expect.stringMatching(/./));
      await load();
      await save();
      expect(await other).toBe(1);
      expect(ran).toBe(false);
    });
  }

  test('while it waits for the next batch', async () => {
    const { accounts, load, loads, saves } = open({ minDuration: 0 });
    const controller = new AbortController();
    let ran = false;
    watch(accounts.run('alice', noop));
    await load();
    const cancelled = watch(accounts.run('alice', () => (ran = true), { signal: controller.signal }));
    await settleDown();
    controller.abort();
    await settleDown();
    expect(cancelled.outcome).toMatchObject({ reason: { code: 'ERR_OPERATION_CANCELLED' } });
    await saves[0]?.succeed();
    expect(loads, 'nothing waits, so no next batch').toHaveLength(1);
    expect(ran).toBe(false);
  });

  test('in the very tick of its call', async () => {
    const { accounts, load, save } = open();
    await settleDown();
    watch(accounts.run('alice', noop));
    await load();
    const controller = new AbortController();
    let ran = false;
    const cancelled = rejectionOf(accounts.run('alice', () => (ran = true), { signal: controller.signal }));
    controller.abort();
    expect(await cancelled).toBeInstanceOf(OperationCancelledError);
    await save();
    expect(ran).toBe(false);
  });

  test('from inside an operation before it', async () => {
    const { accounts, load } = open();
    const controller = new AbortController();
    let ran = false;
    watch(accounts.run('alice', () => controller.abort()));
    const cancelled = rejectionOf(accounts.run('alice', () => (ran = true), { signal: controller.signal }));
    await load();
    expect(await cancelled).toBeInstanceOf(OperationCancelledError);
    expect(ran).toBe(false);
  });

  test('only itself: runs with another signal or none go on', async () => {
    const { accounts, load, save } = open();
    const controller = new AbortController();
    const runs = [
      undefined,
      new AbortController().signal,
      controller.signal,
      undefined,
      controller.signal,
    ].map((signal) => watch(accounts.run('alice', (counter) => ++counter.count, { signal })));
    controller.abort();
    await load();
    await save();
    expect(runs.map((run) => run.outcome.state)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
      'rejected',
    ]);
    expect(runs[3]?.outcome).toMatchObject({ value: 3 });
  });

  test('all its runs, on whatever keys', async () => {
    const { accounts } = open();
    const controller = new AbortController();
    const runs = Array.from({ length: 500 }, (_, index) =>
      rejectionOf(accounts.run(`key ${index % 7}`, noop, { signal: controller.signal })),
    );
    controller.abort();
    const errors = await Promise.all(runs);
    for (const error of errors) expect(error).toBeInstanceOf(OperationCancelledError);
    expect(new Set(errors).size).toBe(500);
    expect(accounts.pending).toBe(0);
  });
});
