import { startProcessor } from 'groupcommit';
import { describe, expect, test } from 'vitest';
import { inChild, settleDown, watch } from '../node/support.js';
import { allAtRest, atRest, childAtRest, fulfilled, noop, throwIt } from './support.js';

describe('Values and promises of the user are taken as the platform takes them', () => {
  test('A Proxy that is revoked before the batch ends harms only the runs that returned it', async () => {
    // What immer does: a draft is made in load and finished in save.
    const item = Proxy.revocable({}, {});
    const revokes: (() => void)[] = [item.revoke];
    const accounts = startProcessor<object>({
      minDuration: 0,
      loadResource: async () => {
        const { proxy, revoke } = Proxy.revocable({}, {});
        revokes.push(revoke);
        return proxy;
      },
      saveResource: async (key) => {
        if (key === 'alice') for (const revoke of revokes) revoke();
      },
    });
    const other = startProcessor<number>({ minDuration: 0, loadResource: () => 4 });
    const { signal } = new AbortController();
    const outcomes = await allAtRest([
      accounts.run('alice', () => 'first'),
      accounts.run('alice', () => item.proxy),
      accounts.run('alice', () => 'between'),
      accounts.update('alice', (draft) => draft),
      accounts.run('alice', (draft) => draft, { signal }),
      accounts.run('alice', () => 'last', { signal }),
      accounts.run('bob', () => 'bob'),
      other.run('carol', (four) => four),
    ]);
    const revoked = { reason: expect.any(TypeError) };
    expect(outcomes).toMatchObject([
      fulfilled('first'),
      revoked,
      fulfilled('between'),
      revoked,
      revoked,
      fulfilled('last'),
      fulfilled('bob'),
      fulfilled(4),
    ]);
    expect(await atRest(accounts.run('alice', () => 'next'))).toEqual(fulfilled('next'));
    expect(await atRest(accounts.stop())).toEqual(fulfilled());
  });

  test('A Proxy with throwing traps is a value like any other, as long as nobody looks at its then', async () => {
    const throwing = new Proxy(
      {},
      {
        get: (_target, name) => (name === 'then' ? undefined : throwIt(new Error('trap'))),
        has: () => throwIt(new Error('trap')),
        getPrototypeOf: () => throwIt(new Error('trap')),
        ownKeys: () => throwIt(new Error('trap')),
        getOwnPropertyDescriptor: () => throwIt(new Error('trap')),
      },
    );
    const saved: unknown[] = [];
    const accounts = startProcessor<object>({
      minDuration: 0,
      loadResource: () => throwing,
      saveResource: (_key, resource) => void saved.push(resource === throwing),
    });
    const isIt = (value: unknown) => value === throwing;
    const outcomes = await allAtRest([
      accounts.run('alice', (resource) => resource).then(isIt),
      accounts.update('alice', (resource) => resource).then(isIt),
      accounts.read('alice', (resource) => resource, { signal: new AbortController().signal }).then(isIt),
      accounts.run('bob', (resource) => resource).then(isIt),
    ]);
    expect(outcomes).toEqual(Array(4).fill(fulfilled(true)));
    expect(saved).toEqual([true, true]);
  });

  const owns: Record<string, (onFulfilled: (value: unknown) => void) => void> = {
    'that throws': () => throwIt(new Error('own then')),
    'that calls back at once': (callBack) => callBack({ own: 1 }),
    'that calls back twice': (callBack) => (callBack({ own: 1 }), callBack({ own: 2 })),
    'that calls back, then throws': (callBack) => (callBack({ own: 1 }), throwIt(new Error('own then'))),
    'that calls back late, and once more during the next batch': (callBack) =>
      void (setImmediate(callBack, { own: 1 }), setTimeout(callBack, 20, { own: 2 })),
  };
  type Phase = 'lockResource' | 'loadResource' | 'saveResource';
  const cases = (['lockResource', 'loadResource', 'saveResource'] as Phase[]).flatMap((phase) =>
    Object.keys(owns).map((kind) => [phase, kind] as const),
  );

  test.each(cases)('A native promise that %s returns, with an own then %s', async (phase, kind) => {
    const hostile = (): Promise<never> => {
      const promise = Promise.resolve(phase === 'lockResource' ? noop : { own: 0 }) as Promise<never>;
      return Object.defineProperty(promise, 'then', { value: owns[kind] });
    };
    let calls = 0;
    const gates: (() => void)[] = [];
    const accounts = startProcessor<object>({
      minDuration: 0,
      loadResource: () => ({}),
      // The first call is hostile, the second one waits, and nothing may end it before its time.
      [phase]: () =>
        ++calls === 1 ? hostile() : new Promise((resolve) => gates.push(() => resolve(undefined))),
    });
    const other = startProcessor<number>({ minDuration: 0, loadResource: () => 4 });
    const first = await allAtRest([accounts.run('alice', () => 'own'), accounts.run('alice', () => 'mate')]);
    expect(first.map(({ state }) => state)).not.toContain('pending');
    expect(await atRest(other.run('alice', (four) => four))).toEqual(fulfilled(4));

    const second = watch(accounts.run('alice', () => 'second'));
    await settleDown();
    await new Promise((resolve) => setTimeout(resolve, 25));
    expect([second.outcome.state, calls]).toEqual(['pending', 2]);
    for (const open of gates) open();
    await settleDown();
    expect(second.outcome).toEqual(fulfilled('second'));
    expect(await atRest(accounts.stop())).toEqual(fulfilled());
  });

  test.each([
    ['returned by an operation', 'run'],
    ['loaded', 'load'],
    ['passed to update', 'update'],
  ])(
    'With a hostile Proxy %s, other keys and other processors go on without anything else happening',
    async (_, where) => {
      const { code, stdout, stderr } = await inChild(`${childAtRest}
      const trap = () => { throw new Error('trap') };
      const hostile = new Proxy({}, { get: trap, has: trap, getPrototypeOf: trap, ownKeys: trap, set: trap });
      const where = ${JSON.stringify(where)};
      const accounts = startProcessor({ minDuration: 0, loadResource: (key) => (where === 'load' && key === 'alice' ? hostile : {}) });
      const other = startProcessor({ minDuration: 0 });
      const own = where === 'update' ? accounts.update('alice', () => hostile) : accounts.run('alice', () => (where === 'run' ? hostile : 1));
      own.catch(() => {});
      const runs = [own, accounts.run('bob', () => 2), other.run('alice', () => 3), startProcessor({ minDuration: 0 }).run('alice', () => 4)];
      print((await Promise.all(runs.slice(1).map(atRest))).join());
      print((await atRest(own)) !== 'pending');
      print([await atRest(accounts.run('bob', () => 5)), await atRest(accounts.stop()), accounts.pending].join());
    `);
      expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '2,3,4\ntrue\n5,,0\n', stderr: '' });
    },
  );
});
