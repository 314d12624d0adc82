import { getEventListeners } from 'node:events';
import {
  BatchError,
  OperationCancelledError,
  type Processor,
  ProcessorStoppedError,
  startProcessor,
} from 'groupcommit';
import { describe, expect, test } from 'vitest';
import { heldStore, inChild, rejectionOf, settleDown, watch } from './support.js';

interface Account {
  balance: number;
}
const noop = () => {};
const minute = 60_000;
const methods = ['run', 'update', 'read'] as const;

/** A processor over a held store whose batches stay open until they are flushed. */
function open(options: object = {}) {
  const { loads, saves, calls, ...store } = heldStore<Account>();
  const accounts = startProcessor<Account>({ ...store, minDuration: minute, ...options });
  return {
    accounts,
    loads,
    saves,
    calls,
    load: async (account: Account = { balance: 0 }) => {
      await settleDown();
      await loads.at(-1)?.succeed(account);
    },
    save: async () => {
      watch(accounts.flush());
      await settleDown();
      await saves.at(-1)?.succeed();
    },
  };
}

describe('What a caller gets', () => {
  describe("The operation's return value, after the save succeeded", () => {
    test('not before', async () => {
      const { accounts, load, saves } = open();
      const run = watch(accounts.run('alice', (account) => account.balance + 1));
      await load({ balance: 41 });
      expect(run.outcome.state).toBe('pending');
      watch(accounts.flush());
      await settleDown();
      expect(saves).toHaveLength(1);
      expect(run.outcome.state).toBe('pending');
      await saves[0]?.succeed();
      expect(run.outcome).toEqual({ state: 'fulfilled', value: 42 });
    });

    const values: [string, unknown][] = [
      ['undefined', undefined],
      ['null', null],
      ['0', 0],
      ['-0', -0],
      ['NaN', Number.NaN],
      ['a string', 'text'],
      ['a lone surrogate', '\ud800'],
      ['a symbol', Symbol('value')],
      ['a bigint', 12n],
      ['an object', { a: 1 }],
      ['a function', () => 1],
      ['an Error', new Error('returned, not thrown')],
      ['an object with a then that is no function', { then: 1 }],
      ['an object without a prototype', Object.create(null)],
      ['a proxy', new Proxy({}, {})],
    ];
    test.each(values)('the very value: %s', async (_, value) => {
      const accounts = startProcessor<Account>({ minDuration: 0 });
      expect(Object.is(await accounts.run('alice', () => value), value)).toBe(true);
      expect(Object.is(await accounts.read('alice', () => value), value)).toBe(true);
    });

    test('each caller gets its own', async () => {
      const accounts = startProcessor<Account>({ minDuration: 0, loadResource: () => ({ balance: 0 }) });
      const runs = Array.from({ length: 100 }, (_, index) =>
        accounts.run('alice', (account) => [index, ++account.balance]),
      );
      expect(await Promise.all(runs)).toEqual(Array.from({ length: 100 }, (_, index) => [index, index + 1]));
    });

    test('run returns a genuine Promise', () => {
      const accounts = startProcessor<Account>({ minDuration: 0 });
      for (const method of methods)
        expect(accounts[method as 'run']('alice', (account) => account)).toBeInstanceOf(Promise);
    });
  });

  describe('An operation', () => {
    test('gets the resource as its one argument', async () => {
      const accounts = startProcessor<Account>({ minDuration: 0, loadResource: () => ({ balance: 3 }) });
      for (const method of methods) {
        const seen: unknown[][] = [];
        await accounts[method as 'run']('alice', (...args) => {
          seen.push(args);
          return args[0];
        });
        expect(seen).toEqual([[{ balance: 3 }]]);
      }
    });

    test('runs exactly once', async () => {
      const { accounts, load, save } = open();
      let ran = 0;
      const run = accounts.run('alice', () => ++ran);
      await load();
      await save();
      await accounts.stop();
      expect(await run).toBe(1);
      expect(ran).toBe(1);
    });
  });

  test('An operation that returns a new value does not replace the resource', async () => {
    const { accounts, load, save, saves } = open();
    const resource = { balance: 1 };
    const first = accounts.run('alice', () => ({ balance: 99 }));
    const second = accounts.read('alice', (account) => account);
    await load(resource);
    await save();
    expect(saves[0]?.resource).toBe(resource);
    expect(await first).toEqual({ balance: 99 });
    expect(await second).toBe(resource);
  });

  describe('update', () => {
    test('replaces the resource and resolves to the new resource', async () => {
      const saved: unknown[] = [];
      const counters = startProcessor<number>({
        minDuration: 0,
        loadResource: () => 5,
        saveResource: (_key, counter) => saved.push(counter),
      });
      const update = counters.update('visits', (counter) => counter + 1);
      const again = counters.update('visits', (counter) => counter * 10);
      const read = counters.read('visits', (counter) => counter);
      const run = counters.run('visits', (counter) => counter);
      expect(await Promise.all([update, again, read, run])).toEqual([6, 60, 60, 60]);
      expect(saved).toEqual([60]);
    });

    test('with the very value', async () => {
      const { accounts, load, save, saves } = open();
      const next = Object.freeze({ balance: 2 });
      const update = accounts.update('alice', () => next);
      await load();
      await save();
      expect(saves[0]?.resource).toBe(next);
      expect(await update).toBe(next);
    });

    test('resolves after the save succeeded', async () => {
      const { accounts, load, saves } = open();
      const update = watch(accounts.update('alice', () => ({ balance: 2 })));
      await load();
      watch(accounts.flush());
      await settleDown();
      expect(update.outcome.state).toBe('pending');
      await saves[0]?.fail(new Error('disk'));
      expect(update.outcome).toMatchObject({ state: 'rejected', reason: { code: 'ERR_SAVE_FAILED' } });
    });

    test('to undefined hands undefined to saveResource', async () => {
      const saved: unknown[][] = [];
      const accounts = startProcessor<Account | undefined>({
        minDuration: 0,
        loadResource: () => ({ balance: 1 }),
        saveResource: (key, account) => saved.push([key, account]),
      });
      expect(await accounts.update('alice', () => undefined)).toBeUndefined();
      expect(saved).toEqual([['alice', undefined]]);
    });

    test('that throws leaves the resource', async () => {
      const { accounts, load, save, saves } = open();
      const resource = { balance: 1 };
      const error = new Error('refused');
      watch(accounts.run('alice', noop));
      const update = rejectionOf(
        accounts.update('alice', () => {
          throw error;
        }),
      );
      await load(resource);
      await save();
      expect(await update).toBe(error);
      expect(saves[0]?.resource).toBe(resource);
    });

    test('that returns a promise leaves the resource', async () => {
      const { accounts, load, save, saves } = open();
      const resource = { balance: 1 };
      watch(accounts.run('alice', noop));
      watch(accounts.update('alice', (async () => ({ balance: 2 })) as never));
      await load(resource);
      await save();
      expect(saves[0]?.resource).toBe(resource);
    });
  });

  describe('read', () => {
    test('takes its turn like run, after the changes before it', async () => {
      const { accounts, load, save } = open();
      watch(accounts.run('alice', (account) => ++account.balance));
      const read = accounts.read('alice', (account) => account.balance);
      watch(accounts.run('alice', (account) => ++account.balance));
      await load();
      await save();
      expect(await read).toBe(1);
    });

    test('resolves when the batch has ended: it never shows what was not saved', async () => {
      const { accounts, load, saves } = open();
      watch(accounts.run('alice', (account) => ++account.balance));
      const read = watch(accounts.read('alice', (account) => account.balance));
      await load();
      watch(accounts.flush());
      await settleDown();
      expect(read.outcome.state).toBe('pending');
      await saves[0]?.fail(new Error('disk'));
      expect(read.outcome).toMatchObject({ state: 'rejected', reason: { code: 'ERR_SAVE_FAILED' } });
    });

    test('does not cause a save by itself', async () => {
      const { accounts, load, save, saves } = open();
      const read = accounts.read('alice', (account) => account.balance);
      await load({ balance: 7 });
      await save();
      expect(await read).toBe(7);
      expect(saves).toHaveLength(0);
    });

    test('does not replace the resource', async () => {
      const { accounts, load, save, saves } = open();
      const resource = { balance: 7 };
      watch(accounts.read('alice', () => ({ balance: 8 })));
      watch(accounts.run('alice', noop));
      await load(resource);
      await save();
      expect(saves[0]?.resource).toBe(resource);
    });
  });

  describe('An operation that throws', () => {
    const thrown: [string, unknown][] = [
      ['an Error', new Error('refused')],
      ['undefined', undefined],
      ['null', null],
      ['a string', 'refused'],
      ['0', 0],
      ['a symbol', Symbol('refused')],
      ['a frozen object', Object.freeze({})],
      ['a function', noop],
      ['a thenable', { then: noop }],
    ];
    for (const method of methods) {
      test.each(thrown)(
        `rejects its own caller only, with the very error it threw (${method}: %s)`,
        async (_, error) => {
          const { accounts, load, save, saves } = open();
          const before = accounts.run('alice', (account) => ++account.balance);
          const throwing = watch(
            accounts[method as 'run']('alice', () => {
              throw error;
            }),
          );
          const after = accounts.run('alice', (account) => ++account.balance);
          await load();
          await save();
          expect(throwing.outcome.state).toBe('rejected');
          expect(Object.is((throwing.outcome as { reason: unknown }).reason, error)).toBe(true);
          expect(await before).toBe(1);
          expect(await after).toBe(2);
          expect(saves[0]?.resource).toEqual({ balance: 2 });
        },
      );
    }

    test('once the batch has ended', async () => {
      const { accounts, load, saves } = open();
      watch(accounts.run('alice', noop));
      const throwing = watch(
        accounts.run('alice', () => {
          throw new Error('refused');
        }),
      );
      await load();
      watch(accounts.flush());
      await settleDown();
      expect(throwing.outcome.state).toBe('pending');
      await saves[0]?.succeed();
      expect(throwing.outcome).toMatchObject({ state: 'rejected', reason: { message: 'refused' } });
    });

    test('the resource is saved as it stands', async () => {
      const { accounts, load, save, saves } = open();
      watch(accounts.run('alice', noop));
      watch(
        accounts.run('alice', (account) => {
          account.balance = -5;
          throw new Error('too late');
        }),
      );
      await load({ balance: 1 });
      await save();
      expect(saves[0]?.resource).toEqual({ balance: -5 });
    });

    test("If the batch fails, its caller gets the batch's error", async () => {
      const { accounts, load, saves } = open();
      watch(accounts.run('alice', noop));
      const throwing = watch(
        accounts.run('alice', () => {
          throw new Error('refused');
        }),
      );
      await load();
      watch(accounts.flush());
      await settleDown();
      await saves[0]?.fail('disk');
      expect(throwing.outcome).toMatchObject({
        state: 'rejected',
        reason: { code: 'ERR_SAVE_FAILED', cause: 'disk' },
      });
    });
  });

  describe('An operation that returns a thenable is a mistake: TypeError to its caller', () => {
    const thenables: [string, () => unknown][] = [
      ['a promise', () => Promise.resolve(1)],
      ['an async function', async () => 1],
      ['a promise that never settles', () => new Promise(noop)],
      ['a promise that rejects', () => Promise.reject(new Error('lost'))],
      ['an async function that throws', async () => Promise.reject(new Error('lost'))],
      ['an object with a then', () => ({ then: noop })],
      [
        'an object with a then that throws',
        () => ({
          then: () => {
            throw new Error('then');
          },
        }),
      ],
      ['a function with a then', () => Object.assign(() => {}, { then: noop })],
      ['an object that inherits then', () => Object.create({ then: noop })],
    ];
    for (const method of methods) {
      test.each(thenables)(`${method}: %s`, async (_, operation) => {
        const { accounts, load, save } = open();
        const before = accounts.run('alice', (account) => ++account.balance);
        const mistaken = rejectionOf(accounts[method as 'run']('alice', operation as never));
        const after = accounts.run('alice', (account) => ++account.balance);
        await load();
        await save();
        expect(await mistaken).toBeInstanceOf(TypeError);
        expect(await before).toBe(1);
        expect(await after).toBe(2);
      });
    }

    test("the thenable's own rejection is not left unhandled", async () => {
      const { code, stdout, stderr } = await inChild(`
        process.on('unhandledRejection', (reason) => print('unhandled: ' + reason));
        const accounts = startProcessor({ minDuration: 0 });
        const operations = [
          () => Promise.reject('at once'),
          async () => { throw 'async' },
          () => new Promise((_, reject) => setTimeout(reject, 30, 'late')),
          () => ({ then: (_, reject) => reject('foreign') }),
          () => ({ then: () => { throw 'then throws' } }),
        ];
        for (const method of ['run', 'update', 'read'])
          for (const operation of operations)
            await accounts[method]('alice', operation).catch((error) => print(error.name));
      `);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout.split('\n').filter(Boolean)).toEqual(Array(15).fill('TypeError'));
    });
  });

  describe('A load that fails', () => {
    test('ends the batch: every run that had joined it rejects, nothing is saved', async () => {
      const { accounts, loads, saves } = open();
      let ran = 0;
      const runs = methods.map((method) =>
        watch(accounts[method as 'run']('alice', (account) => (ran++, account))),
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
      const accounts = startProcessor<Account>({
        minDuration: 2 ** 31 - 1,
        loadResource: () => Promise.reject(new Error('disk')),
      });
      expect(await rejectionOf(accounts.run('alice', noop))).toBeInstanceOf(BatchError);
    });
  });

  test('A save that fails likewise', async () => {
    const { accounts, load, saves } = open();
    const runs = methods.map((method) => watch(accounts[method as 'run']('alice', (account) => account)));
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
            const accounts = startProcessor<Account, string | number>({
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
          const accounts = startProcessor<Account>({
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
      const accounts = startProcessor<Account>({
        minDuration: 0,
        [`${phase}Resource`]: () => Promise.reject(new Error('disk')),
      });
      const errors = await Promise.all([1, 2, 3, 4].map(() => rejectionOf(accounts.run('alice', noop))));
      expect(new Set(errors).size).toBe(4);
      for (const error of errors) expect(error).toBeInstanceOf(BatchError);
    });

    test('Runs waiting for the next batch are untouched by it', async () => {
      const { accounts, loads, saves, load } = open();
      const first = watch(accounts.run('alice', noop));
      await load();
      watch(accounts.flush());
      await settleDown();
      const second = watch(accounts.run('alice', (account) => ++account.balance));
      await saves[0]?.fail(new Error('disk'));
      expect(first.outcome.state).toBe('rejected');
      expect(second.outcome.state).toBe('pending');
      await loads[1]?.succeed({ balance: 5 });
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

  describe('Cancelling: a run whose signal aborts before its operation ran', () => {
    for (const method of methods) {
      test(`rejects at once with OperationCancelledError, and the operation never runs (${method})`, async () => {
        const { accounts, load, save } = open();
        const controller = new AbortController();
        const reason = { why: 'left the page' };
        let ran = false;
        const other = accounts.run('alice', (account) => ++account.balance);
        const cancelled = watch(
          accounts[method as 'run']('alice', (account) => ((ran = true), account), {
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

    test.for([Infinity, 2])(
      'A signal that cannot be listened to rejects its run with what that threw, and nothing else; maxOperations %s',
      async (maxOperations) => {
        const { loadResource, saveResource } = heldStore<Account>();
        const accounts = startProcessor({ minDuration: 0, maxOperations, loadResource, saveResource });
        const signal = {
          [Symbol.toStringTag]: 'AbortSignal',
          aborted: false,
          addEventListener: () => {
            throw new Error('nobody listens');
          },
        } as unknown as AbortSignal;
        for (let call = 0; call < 2; call++)
          expect(await rejectionOf(accounts.run('alice', noop, { signal }))).toMatchObject({
            message: 'nobody listens',
          });
        expect(accounts.pending).toBe(0);
        await accounts.flush();

        const counters = startProcessor({
          minDuration: 0,
          maxOperations,
          loadResource: () => ({ count: 0 }),
        });
        watch(counters.run('visits', noop, { signal }));
        expect(await counters.run('visits', (counter) => ++counter.count)).toBe(1);
        watch(counters.run('visits', noop, { signal }));
        await settleDown();
        expect(await counters.run('visits', (counter) => ++counter.count)).toBe(1);
        expect(counters.pending).toBe(0);
        await counters.stop();
      },
    );

    test('only itself: runs with another signal or none go on', async () => {
      const { accounts, load, save } = open();
      const controller = new AbortController();
      const runs = [
        undefined,
        new AbortController().signal,
        controller.signal,
        undefined,
        controller.signal,
      ].map((signal) => watch(accounts.run('alice', (account) => ++account.balance, { signal })));
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

  describe('A signal that has already aborted starts no batch', () => {
    test.each(methods)('%s', async (method) => {
      const { accounts, loads } = open();
      const signal = AbortSignal.abort('before');
      const error = await rejectionOf(accounts[method as 'run']('alice', (account) => account, { signal }));
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
      const run = watch(accounts.run('alice', (account) => ++account.balance, { signal: controller.signal }));
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

  describe('Any number of runs may use one signal', () => {
    test('they share one listener on it, and none is left when they have settled', async () => {
      const { accounts, loads, saves } = open();
      const { signal } = new AbortController();
      const listeners = () => getEventListeners(signal, 'abort').length;
      const runs: Promise<unknown>[] = [];
      for (let run = 0; run < 400; run++) {
        runs.push(accounts[methods[run % 3] as 'run'](`key ${run % 5}`, noop, { signal }));
        expect(listeners()).toBe(1);
      }
      await settleDown();
      expect(listeners()).toBe(1);
      for (const load of loads) await load.succeed({ balance: 0 });
      expect(listeners()).toBeLessThanOrEqual(1);
      watch(accounts.flush());
      await settleDown();
      for (const save of saves) await save.succeed();
      await Promise.all(runs);
      expect(listeners()).toBe(0);
    });

    test('none is left when they were cancelled, or their load failed, or the processor stopped', async () => {
      const { accounts, loads } = open();
      const controller = new AbortController();
      const failing = new AbortController();
      for (let run = 0; run < 20; run++) {
        watch(accounts.run('alice', noop, { signal: controller.signal }));
        watch(accounts.run('bob', noop, { signal: failing.signal }));
      }
      await settleDown();
      controller.abort();
      expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
      await loads[1]?.fail(new Error('disk'));
      expect(getEventListeners(failing.signal, 'abort')).toEqual([]);
      watch(accounts.stop());
      const late = new AbortController();
      watch(accounts.run('alice', noop, { signal: late.signal }));
      watch(accounts.run(Number.NaN as never, noop, { signal: late.signal }));
      watch(accounts.run('alice', 1 as never, { signal: late.signal }));
      expect(getEventListeners(late.signal, 'abort')).toEqual([]);
    });

    test('it can be used again afterwards', async () => {
      const { accounts, load, save } = open();
      const controller = new AbortController();
      watch(accounts.run('alice', noop, { signal: controller.signal }));
      await load();
      await save();
      const second = rejectionOf(accounts.run('alice', noop, { signal: controller.signal }));
      const third = rejectionOf(accounts.run('bob', noop, { signal: controller.signal }));
      controller.abort();
      expect(await second).toBeInstanceOf(OperationCancelledError);
      expect(await third).toBeInstanceOf(OperationCancelledError);
      expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    });

    test('those that ran and settled do not take the signal from those that wait', async () => {
      const { accounts, loads, saves } = open();
      const controller = new AbortController();
      const waiting = watch(accounts.run('alice', noop, { signal: controller.signal }));
      const settling = accounts.run('bob', noop, { signal: controller.signal });
      await settleDown();
      await loads[1]?.succeed({ balance: 0 });
      watch(accounts.flush('bob'));
      await settleDown();
      await saves[0]?.succeed();
      await settling;
      controller.abort();
      await settleDown();
      expect(waiting.outcome).toMatchObject({ reason: { code: 'ERR_OPERATION_CANCELLED' } });
    });

    test('Node does not warn (it does at 11 listeners)', async () => {
      const { code, stdout, stderr } = await inChild(`
        process.on('warning', (warning) => print(warning.name));
        const accounts = startProcessor({ minDuration: 5 });
        const { signal } = new AbortController();
        const runs = [];
        for (let run = 0; run < 500; run++) runs.push(accounts.run('key ' + run % 50, () => {}, { signal }));
        await Promise.all(runs);
        await new Promise((resolve) => setTimeout(resolve, 20));
        print('done');
      `);
      expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'done\n', stderr: '' });
    });
  });

  describe('A signal that is no AbortSignal: TypeError', () => {
    // Not null, which fetch takes for none.
    const signals: [string, unknown][] = [
      ['a string', 'signal'],
      ['true', true],
      ['0', 0],
      ['an AbortController', new AbortController()],
      [
        'an object that looks like one',
        { aborted: false, addEventListener: noop, removeEventListener: noop },
      ],
      ['an EventTarget', new EventTarget()],
    ];
    for (const method of methods) {
      test.each(signals)(`${method}: %s`, async (_, signal) => {
        const { accounts, loads } = open();
        expect(
          await rejectionOf(
            accounts[method as 'run']('alice', (account) => account, { signal: signal as never }),
          ),
        ).toBeInstanceOf(TypeError);
        await settleDown();
        expect(loads).toHaveLength(0);
        expect(accounts.pending).toBe(0);
      });
    }

    test('undefined is none', async () => {
      const accounts = startProcessor<Account>({ minDuration: 0 });
      expect(await accounts.run('alice', () => 1, { signal: undefined })).toBe(1);
      expect(await accounts.run('alice', () => 2, {})).toBe(2);
      expect(await accounts.run('alice', () => 3, undefined)).toBe(3);
    });
  });

  describe('After stop(): ProcessorStoppedError', () => {
    test.each(methods)('%s', async (method) => {
      const { accounts, loads } = open();
      watch(accounts.stop());
      const error = (await rejectionOf(
        accounts[method as 'run']('alice', (account) => account),
      )) as ProcessorStoppedError;
      expect(error).toBeInstanceOf(ProcessorStoppedError);
      expect(error).toBeInstanceOf(Error);
      expect(error.name).toBe('ProcessorStoppedError');
      expect(error.code).toBe('ERR_PROCESSOR_STOPPED');
      expect(error.message).toEqual(expect.stringMatching(/./));
      await settleDown();
      expect(loads).toHaveLength(0);
      expect(accounts.pending).toBe(0);
    });

    test('each caller gets its own', async () => {
      const { accounts } = open();
      watch(accounts.stop());
      const errors = await Promise.all([1, 2].map(() => rejectionOf(accounts.run('alice', noop))));
      expect(errors[0]).not.toBe(errors[1]);
    });
  });

  describe('Every error class has a stable name and code', () => {
    test('that a minifier or a subclass cannot change: they are in the stack and in the string', async () => {
      const accounts: Processor<Account> = startProcessor<Account>({
        minDuration: 0,
        loadResource: () => Promise.reject('disk'),
      });
      const error = (await rejectionOf(accounts.run('alice', noop))) as Error;
      expect(String(error)).toMatch(/^BatchError: /);
      watch(accounts.stop());
      expect(String(await rejectionOf(accounts.run('alice', noop)))).toMatch(/^ProcessorStoppedError: /);
      expect(
        String(await rejectionOf(startProcessor().run('alice', noop, { signal: AbortSignal.abort() }))),
      ).toMatch(/^OperationCancelledError: /);
    });
  });
});

function revokedProxy(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
