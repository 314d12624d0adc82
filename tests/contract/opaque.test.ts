import { startProcessor } from 'groupcommit';
import { describe, expect, test } from 'vitest';
import { increment, noop, open, settleDown, watch } from './support.js';

const fail = (thrown: unknown) => () => {
  throw thrown;
};

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

const throwing = () =>
  new Proxy(
    {},
    new Proxy(
      {},
      {
        get: () => () => {
          throw new Error('trap');
        },
      },
    ),
  );

describe('Values are not looked at: a Proxy, revoked or with throwing traps, is a value like any other', () => {
  test.each([
    ['revoked', revoked],
    ['with throwing traps', throwing],
  ])('as resource: %s', async (_, make) => {
    const resource = make();
    const seen: unknown[] = [];
    const accounts = startProcessor<object>({
      minDuration: 0,
      loadResource: () => resource,
      saveResource: (_key, each) => void seen.push(each),
    });
    const run = accounts.run('alice', (each) => void seen.push(each));
    expect(await run).toBeUndefined();
    expect(seen.map((each) => Object.is(each, resource))).toEqual([true, true]);
  });

  test.each([
    ['revoked', revoked],
    ['with throwing traps', throwing],
  ])('as new resource of an update: %s', async (_, make) => {
    const { accounts, load, saves } = open<object>();
    const next = make();
    const update = watch(accounts.update('alice', () => next));
    const read = watch(accounts.read('alice', (resource) => Object.is(resource, next)));
    await load({});
    watch(accounts.flush());
    await settleDown();
    expect(Object.is(saves[0]?.resource, next)).toBe(true);
    await saves[0]?.succeed();
    // To resolve a promise with it, the platform looks at its then: the run that returned it tells.
    expect(update.outcome).toMatchObject({ state: 'rejected', reason: expect.any(Error) });
    expect(read.outcome).toEqual({ state: 'fulfilled', value: true });
  });

  test('as value of a run, which is revoked before the batch ends', async () => {
    const { accounts, load, saves } = open();
    const { proxy, revoke } = Proxy.revocable({}, {});
    const before = watch(accounts.run('alice', increment));
    const own = watch(accounts.run('alice', () => proxy));
    const after = watch(accounts.run('alice', increment));
    await load();
    revoke();
    watch(accounts.flush());
    await settleDown();
    await saves[0]?.succeed();
    expect(own.outcome).toMatchObject({ state: 'rejected', reason: expect.any(TypeError) });
    expect([before, after].map((run) => run.outcome)).toEqual([
      { state: 'fulfilled', value: 1 },
      { state: 'fulfilled', value: 2 },
    ]);
    const next = watch(accounts.run('bob', increment));
    watch(accounts.stop());
    await load();
    await saves[1]?.succeed();
    expect(next.outcome.state).toBe('fulfilled');
  });

  test.each([
    ['revoked', revoked],
    ['with throwing traps', throwing],
  ])('as what is thrown, and as reason: %s', async (_, make) => {
    const thrown = make();
    const accounts = startProcessor({ minDuration: 0 });
    const controller = new AbortController();
    const own = watch(accounts.run('alice', fail(thrown)));
    const cancelled = watch(accounts.run('alice', noop, { signal: controller.signal }));
    controller.abort(thrown);
    expect(await accounts.run('alice', () => 'ran')).toBe('ran');
    const { reason } = own.outcome as { reason: unknown };
    const { cause } = (cancelled.outcome as unknown as { reason: Error }).reason;
    expect([Object.is(reason, thrown), Object.is(cause, thrown)]).toEqual([true, true]);
  });
});
