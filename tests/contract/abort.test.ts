import { getEventListeners } from 'node:events';
import { OperationCancelledError } from 'groupcommit';
import { describe, expect, test } from 'vitest';
import { methods, noop, open, rejectionOf, settleDown, watch } from './support.js';

describe('What a caller gets', () => {
  describe('A signal that has already aborted starts no batch', () => {
    test.each(methods)('%s', async (method) => {
      const { accounts, loads } = open();
      const signal = AbortSignal.abort('before');
      const error = await rejectionOf(accounts[method as 'run']('alice', (counter) => counter, { signal }));
      expect(error).toBeInstanceOf(OperationCancelledError);
      expect(error).toMatchObject({
        name: 'OperationCancelledError',
        code: 'ERR_OPERATION_CANCELLED',
        cause: 'before',
      });
      await settleDown();
      expect(loads).toHaveLength(0);
      expect(accounts.pending).toBe(0);
      expect(getEventListeners(signal, 'abort')).toEqual([]);
    });
  });

  describe('After the operation ran, the signal is ignored and the run waits for the batch', () => {
    test('aborted in the open window', async () => {
      const { accounts, load, saves } = open();
      const controller = new AbortController();
      const run = watch(accounts.run('alice', (counter) => ++counter.count, { signal: controller.signal }));
      await load();
      controller.abort();
      await settleDown();
      expect(run.outcome.state).toBe('pending');
      watch(accounts.flush());
      await settleDown();
      expect(run.outcome.state).toBe('pending');
      await saves[0]?.succeed();
      expect(run.outcome).toEqual({ state: 'fulfilled', value: 1 });
    });

    test('aborted during the save', async () => {
      const { accounts, load, saves } = open();
      const controller = new AbortController();
      const run = watch(accounts.run('alice', noop, { signal: controller.signal }));
      await load();
      watch(accounts.flush());
      await settleDown();
      controller.abort();
      await saves[0]?.fail(new Error('disk'));
      expect(run.outcome).toMatchObject({ reason: { code: 'ERR_SAVE_FAILED' } });
    });

    test('aborted by the operation itself', async () => {
      const { accounts, load, save } = open();
      const controller = new AbortController();
      const run = watch(
        accounts.run('alice', () => (controller.abort(), 'ran'), { signal: controller.signal }),
      );
      await load();
      expect(run.outcome.state).toBe('pending');
      await save();
      expect(run.outcome).toEqual({ state: 'fulfilled', value: 'ran' });
    });
  });
  describe('A run that is cancelled before its load was called', () => {
    test('loads nothing', async () => {
      const { accounts, loads } = open();
      const controller = new AbortController();
      watch(accounts.run('alice', noop, { signal: controller.signal }));
      controller.abort();
      await settleDown();
      expect(loads).toHaveLength(0);
      await accounts.stop();
    });

    test('loads nothing behind a save either', async () => {
      const { accounts, load, loads, saves } = open({ minDuration: 0 });
      const controller = new AbortController();
      watch(accounts.run('alice', noop));
      await load();
      watch(accounts.run('alice', noop, { signal: controller.signal }));
      await settleDown();
      controller.abort();
      await saves[0]?.succeed();
      expect(loads).toHaveLength(1);
      watch(accounts.run('alice', noop));
      await settleDown();
      expect(loads).toHaveLength(2);
    });

    test('unless others of its batch wait for it', async () => {
      const { accounts, loads } = open();
      const controller = new AbortController();
      watch(accounts.run('alice', noop, { signal: controller.signal }));
      watch(accounts.run('alice', noop));
      controller.abort();
      await settleDown();
      expect(loads).toHaveLength(1);
    });
  });

  describe("cause is the signal's reason", () => {
    test.each([
      ['given as undefined: an AbortError', undefined],
      ['null', null],
      ['a string', 'reason'],
      ['an Error', new Error('reason')],
    ])("cause is the signal's reason: %s", async (_, reason) => {
      const { accounts } = open();
      const controller = new AbortController();
      const cancelled = rejectionOf(accounts.run('alice', noop, { signal: controller.signal }));
      controller.abort(reason);
      expect((await cancelled) as Error).toHaveProperty('cause', controller.signal.reason);
    });

    test('AbortSignal.timeout and AbortSignal.any work', async () => {
      const { accounts } = open();
      const controller = new AbortController();
      const late = rejectionOf(accounts.run('alice', noop, { signal: AbortSignal.timeout(5) }));
      const any = rejectionOf(accounts.run('alice', noop, { signal: AbortSignal.any([controller.signal]) }));
      controller.abort('any');
      expect(await any).toMatchObject({ code: 'ERR_OPERATION_CANCELLED', cause: 'any' });
      expect(await late).toMatchObject({ code: 'ERR_OPERATION_CANCELLED', cause: { name: 'TimeoutError' } });
    });
  });
});
