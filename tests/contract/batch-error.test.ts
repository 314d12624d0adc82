import { BatchError, startProcessor } from 'groupcommit';
import { describe, expect, test } from 'vitest';
import { type Counter, noop, open, rejectionOf, settleDown, watch } from './support.js';

describe('The error is a BatchError', () => {
  const causes: [string, unknown][] = [
    ['an Error', new Error('disk')],
    ['undefined', undefined],
    ['null', null],
    ['a string', 'disk'],
    ['the empty string', ''],
    ['a number', 404],
    ['a symbol', Symbol('disk')],
    ['an object', { status: 500 }],
    ['an object without a prototype', Object.create(null)],
    [
      'an object whose toString throws',
      {
        toString: () => {
          throw new Error('toString');
        },
      },
    ],
    [
      'an Error whose message getter throws',
      Object.defineProperty(new Error(), 'message', {
        get: () => {
          throw new Error('message');
        },
      }),
    ],
    ['a revoked proxy', revokedProxy()],
    ['a lone surrogate', '\udfff'],
    ['a frozen error', Object.freeze(new Error('frozen'))],
  ];
  const ways: [string, (cause: unknown) => unknown][] = [
    ['rejects', (cause) => Promise.reject(cause)],
    [
      'throws',
      (cause) => {
        throw cause;
      },
    ],
  ];
  for (const phase of ['load', 'save'] as const) {
    for (const [way, fail] of ways) {
      test.each(causes)(
        `with code, key, phase, operationCount and cause, unchanged (${phase} ${way}: %s)`,
        async (_, cause) => {
          const accounts = startProcessor<Counter, string | number>({
            minDuration: 0,
            ...(phase === 'load'
              ? { loadResource: () => fail(cause) as never }
              : { saveResource: () => fail(cause) }),
          });
          const runs = [1, 2, 3].map(() => accounts.run(7, noop));
          const [error] = (await Promise.all(runs.map(rejectionOf))) as [BatchError];
          expect(error).toBeInstanceOf(BatchError);
          expect(error).toBeInstanceOf(Error);
          expect(error.name).toBe('BatchError');
          expect(error.code).toBe(phase === 'load' ? 'ERR_LOAD_FAILED' : 'ERR_SAVE_FAILED');
          expect(error.key).toBe(7);
          expect(error.phase).toBe(phase);
          expect(error.operationCount).toBe(phase === 'load' ? 0 : 3);
          expect('cause' in error).toBe(true);
          expect(Object.is(error.cause, cause)).toBe(true);
        },
      );

      test.each(causes)(`always an Error with a message (${phase} ${way}: %s)`, async (_, cause) => {
        const accounts = startProcessor<Counter>({
          minDuration: 0,
          ...(phase === 'load'
            ? { loadResource: () => fail(cause) as never }
            : { saveResource: () => fail(cause) }),
        });
        const error = (await rejectionOf(accounts.run('\ud800', noop))) as BatchError;
        expect(error).toBeInstanceOf(Error);
        expect(error.message).toEqual(expect.stringMatching(/./));
        expect(error.stack).toEqual(expect.stringMatching(/./));
      });
    }
  }

  test('operationCount counts the operations that ran: those that threw and read too, no cancelled one', async () => {
    const { accounts, load, saves } = open();
    const run = watch(accounts.run('alice', noop));
    const controller = new AbortController();
    watch(accounts.run('alice', noop, { signal: controller.signal }));
    controller.abort();
    watch(
      accounts.run('alice', () => {
        throw new Error('refused');
      }),
    );
    watch(accounts.read('alice', noop));
    watch(accounts.run('alice', (() => Promise.resolve()) as never));
    await load();
    watch(accounts.flush());
    watch(accounts.run('alice', noop));
    await settleDown();
    await saves[0]?.fail(new Error('disk'));
    expect(run.outcome).toMatchObject({ reason: { operationCount: 4 } });
  });

  test.each(['load', 'save'])('Each caller gets its own BatchError object (%s)', async (phase) => {
    const accounts = startProcessor<Counter>({
      minDuration: 0,
      [`${phase}Resource`]: () => Promise.reject(new Error('disk')),
    });
    const errors = await Promise.all([1, 2, 3, 4].map(() => rejectionOf(accounts.run('alice', noop))));
    expect(new Set(errors).size).toBe(4);
    for (const error of errors) expect(error).toBeInstanceOf(BatchError);
  });
});

function revokedProxy(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
