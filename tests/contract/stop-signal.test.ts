import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import { deferred, increment, noop, open, rejectionOf, settleDown, watch } from './support.js';

describe('stop resolves when every batch has ended too', () => {
  test('nothing is being locked, loaded or saved any more, also for runs that were cancelled: it loads', async () => {
    const { accounts, loads } = open();
    const controller = new AbortController();
    const run = watch(accounts.run('alice', noop, { signal: controller.signal }));
    await settleDown();
    controller.abort();
    const flushed = watch(accounts.flush());
    const stopped = watch(accounts.stop());
    await settleDown();
    expect([run, flushed, stopped].map((each) => each.outcome.state)).toEqual([
      'rejected',
      'fulfilled',
      'pending',
    ]);
    await loads[0]?.succeed({ count: 0 });
    expect(stopped.outcome).toEqual({ state: 'fulfilled', value: undefined });
  });

  test('nothing is being locked, loaded or saved any more, also for runs that were cancelled: it locks', async () => {
    const locked = deferred<() => void>();
    let released = false;
    const { accounts, loads } = open({ lockResource: () => locked.promise });
    const controller = new AbortController();
    watch(accounts.run('alice', noop, { signal: controller.signal }));
    await settleDown();
    controller.abort();
    const stopped = watch(accounts.stop());
    await settleDown();
    expect(stopped.outcome.state).toBe('pending');
    locked.resolve(() => void (released = true));
    await settleDown();
    // Whether it still loads for nobody is its own affair.
    await loads[0]?.succeed({ count: 0 });
    expect(released).toBe(true);
    expect(stopped.outcome.state).toBe('fulfilled');
  });
});

describe('If its signal aborts first', () => {
  test("the signals of the batches under way abort with that reason, and this call's promise rejects with it", async () => {
    const { accounts, loads, saves } = open();
    watch(accounts.run('saves', increment));
    watch(accounts.run('loads', increment));
    await settleDown();
    await loads[0]?.succeed({ count: 0 });
    const controller = new AbortController();
    const reason = { why: 'no time left' };
    const stopped = watch(accounts.stop({ signal: controller.signal }));
    await settleDown();
    expect(saves).toHaveLength(1);
    const signals = loads.map((load) => load.batch.signal);
    expect(signals.map((signal) => signal.aborted)).toEqual([false, false]);
    expect(stopped.outcome.state).toBe('pending');
    controller.abort(reason);
    await settleDown();
    expect(signals.map((signal) => signal.reason)).toEqual([reason, reason]);
    expect(signals[0]?.reason).toBe(reason);
    expect(stopped.outcome).toEqual({ state: 'rejected', reason });
  });

  test('what then ends is still heard by its callers, and by other calls of stop', async () => {
    const { accounts, loads, saves } = open();
    const runs = ['alice', 'bob'].map((key) => watch(accounts.run(key, increment)));
    const controller = new AbortController();
    const given = watch(accounts.stop({ signal: controller.signal }));
    const other = watch(accounts.stop());
    await settleDown();
    controller.abort();
    await settleDown();
    expect([given, other, ...runs].map((each) => each.outcome.state)).toEqual([
      'rejected',
      ...Array(3).fill('pending'),
    ]);
    await loads[0]?.succeed({ count: 0 });
    await saves[0]?.succeed();
    await loads[1]?.fail(new Error('disk'));
    expect(runs.map((run) => run.outcome)).toMatchObject([
      { state: 'fulfilled', value: 1 },
      { state: 'rejected', reason: { code: 'ERR_LOAD_FAILED' } },
    ]);
    expect(other.outcome.state).toBe('fulfilled');
    expect(await accounts.stop()).toBeUndefined();
  });

  test('a timeout ends a store that heeds its signal', async () => {
    const { accounts } = open({
      loadResource: (_key: string, { signal }: { signal: AbortSignal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    });
    const run = rejectionOf(accounts.run('alice', noop));
    const reason = await rejectionOf(accounts.stop({ signal: AbortSignal.timeout(5) }));
    expect(reason).toMatchObject({ name: 'TimeoutError' });
    expect(await run).toMatchObject({ code: 'ERR_LOAD_FAILED', cause: reason });
  });

  test('also where it has already: the processor is stopped all the same', async () => {
    const { accounts, loads } = open();
    watch(accounts.run('alice', noop));
    await settleDown();
    expect(await rejectionOf(accounts.stop({ signal: AbortSignal.abort('before') }))).toBe('before');
    expect(loads[0]?.batch.signal.reason).toBe('before');
    expect(await rejectionOf(accounts.run('alice', noop))).toMatchObject({ code: 'ERR_PROCESSOR_STOPPED' });
  });

  test('not after: it is not listened to any more, and says nothing', async () => {
    const { accounts, load, saves } = open();
    const controller = new AbortController();
    watch(accounts.run('alice', noop));
    const stopped = watch(accounts.stop({ signal: controller.signal }));
    await load();
    await saves[0]?.succeed();
    expect(stopped.outcome).toEqual({ state: 'fulfilled', value: undefined });
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    controller.abort('late');
    expect(saves[0]?.batch.signal.reason).not.toBe('late');
  });

  test.each([
    ['a string', 'signal'],
    ['an AbortController', new AbortController()],
    ['0', 0],
  ])('and is one: %s is a TypeError, and stops nothing', async (_, signal) => {
    const { accounts } = open({ minDuration: 0, loadResource: undefined, saveResource: undefined });
    expect(await rejectionOf(accounts.stop({ signal: signal as never }))).toBeInstanceOf(TypeError);
    expect(await accounts.run('alice', () => 'ran')).toBe('ran');
  });

  test.each([[undefined], [null]])('%s is none', async (signal) => {
    await open().accounts.stop({ signal });
  });
});
