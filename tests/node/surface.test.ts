import * as groupcommit from 'groupcommit';
import { type Processor, startProcessor } from 'groupcommit';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { heldStore, rejectionOf, settleDown, watch } from './support.js';

interface Account {
  balance: number;
}

afterEach(() => {
  vi.useRealTimers();
});

describe('The surface', () => {
  test('is startProcessor and three error classes', () => {
    expect(Object.keys(groupcommit).sort()).toEqual(
      expect.arrayContaining([
        'BatchError',
        'OperationCancelledError',
        'ProcessorStoppedError',
        'startProcessor',
      ]),
    );
  });

  test('the example works as it is written', async () => {
    const table = new Map<string, Account>([['alice', { balance: 5 }]]);
    const get = async (key: string, signal: AbortSignal) => {
      signal.throwIfAborted();
      return structuredClone(table.get(key) ?? { balance: 0 });
    };
    const put = async (key: string, account: Account, signal: AbortSignal) => {
      signal.throwIfAborted();
      table.set(key, structuredClone(account));
    };
    const metrics: unknown[] = [];
    const accounts = startProcessor<Account>({
      minDuration: 1,
      maxDuration: 60_000,
      maxOperations: 10_000,
      loadResource: async (key, { signal }) => await get(key, signal),
      saveResource: async (key, account, { signal }) => {
        await put(key, account, signal);
      },
    });
    const unsubscribe = accounts.subscribeBatchMetrics((metric) => metrics.push(metric));
    const deposit = accounts.run(
      'alice',
      (account) => {
        account.balance += 10;
        return account.balance;
      },
      { signal: new AbortController().signal },
    );
    expect(accounts.pending).toBe(1);
    expect(await deposit).toBe(15);
    expect(table.get('alice')).toEqual({ balance: 15 });
    unsubscribe();
    await accounts.flush();
    await accounts.flush('alice');
    expect(accounts.pending).toBe(0);
    await accounts.stop();
    expect(metrics).toHaveLength(1);
  });

  describe('minDuration', () => {
    test.each([1, 5, 20, 50])('every batch stays open at least this long (%d ms)', async (minDuration) => {
      const saved: number[] = [];
      const accounts = startProcessor<object>({
        minDuration,
        loadResource: () => ({}),
        saveResource: () => {
          saved.push(performance.now());
        },
      });
      for (let batch = 0; batch < 8; batch++) {
        const started = performance.now();
        await accounts.run('alice', () => {});
        expect((saved[batch] as number) - started).toBeGreaterThanOrEqual(minDuration);
      }
    });

    test('default 100', async () => {
      vi.useFakeTimers();
      const { saves, ...store } = heldStore<object>();
      const accounts = startProcessor<object>({ ...store, loadResource: () => ({}) });
      watch(accounts.run('alice', () => {}));
      await settleDown();
      await vi.advanceTimersByTimeAsync(99);
      expect(saves).toHaveLength(0);
      await vi.advanceTimersByTimeAsync(1);
      expect(saves).toHaveLength(1);
    });

    test('0 is allowed', async () => {
      const accounts = startProcessor<number>({ minDuration: 0, loadResource: () => 7 });
      expect(await accounts.run('alice', (value) => value)).toBe(7);
    });

    test('undefined stands for the default, in every option', async () => {
      const accounts = startProcessor({
        minDuration: undefined,
        maxDuration: undefined,
        maxOperations: undefined,
        loadResource: undefined,
        saveResource: undefined,
      } as object);
      expect(await accounts.run('alice', (resource) => resource)).toBeUndefined();
    });
  });

  describe("maxDuration: the batch's signal aborts then", () => {
    async function signalOf(options: { minDuration?: number; maxDuration?: number }): Promise<AbortSignal> {
      const { loads, ...store } = heldStore<object>();
      const accounts = startProcessor<object>({ ...store, ...options });
      watch(accounts.run('alice', () => {}));
      await settleDown();
      return (loads[0] as (typeof loads)[0]).context.signal;
    }

    test.each([
      ['as given', { minDuration: 10, maxDuration: 50 }, 50],
      ['as given, equal to minDuration', { minDuration: 50, maxDuration: 50 }, 50],
      ['as given, with minDuration 0', { minDuration: 0, maxDuration: 50 }, 50],
      ['default 2 * minDuration', { minDuration: 30 }, 60],
      ['default 200 where neither is given', {}, 200],
    ])('%s', async (_, options, expected) => {
      vi.useFakeTimers();
      const signal = await signalOf(options);
      await vi.advanceTimersByTimeAsync(expected - 1);
      expect(signal.aborted).toBe(false);
      await vi.advanceTimersByTimeAsync(1);
      expect(signal.aborted).toBe(true);
    });

    test.each([
      ['Infinity: never', { minDuration: 10, maxDuration: Number.POSITIVE_INFINITY }],
      ['never is the default if minDuration is 0', { minDuration: 0 }],
    ])('%s', async (_, options) => {
      vi.useFakeTimers();
      const signal = await signalOf(options);
      await vi.advanceTimersByTimeAsync(2 ** 33);
      expect(signal.aborted).toBe(false);
    });

    test.each([
      ['given', { minDuration: 10, maxDuration: 2 ** 40 }],
      ['by default, from the longest minDuration', { minDuration: 2 ** 31 - 1 }],
    ])('may be longer than a timer can hold: %s', async (_, options) => {
      const warnings: Error[] = [];
      const onWarning = (warning: Error) => warnings.push(warning);
      process.on('warning', onWarning);
      const signal = await signalOf(options);
      await new Promise((resolve) => setTimeout(resolve, 20));
      process.off('warning', onWarning);
      expect(signal.aborted).toBe(false);
      expect(warnings).toEqual([]);
    });
  });

  describe('maxOperations', () => {
    test('the window closes early when so many operations have run', async () => {
      const { loads, saves, ...store } = heldStore<object>();
      const accounts = startProcessor<object>({ ...store, minDuration: 60_000, maxOperations: 2 });
      watch(accounts.run('alice', () => {}));
      await settleDown();
      await loads[0]?.succeed({});
      expect(saves).toHaveLength(0);
      watch(accounts.run('alice', () => {}));
      await settleDown();
      expect(saves).toHaveLength(1);
    });

    test('default Infinity', async () => {
      const { loads, saves, ...store } = heldStore<{ count: number }>();
      const accounts = startProcessor<{ count: number }>({ ...store, minDuration: 60_000 });
      const resource = { count: 0 };
      for (let run = 0; run < 50_000; run++) {
        watch(
          accounts.run('alice', (each) => {
            each.count++;
          }),
        );
      }
      await settleDown();
      await loads[0]?.succeed(resource);
      expect(resource.count).toBe(50_000);
      expect(saves).toHaveLength(0);
    });
  });

  test('loadResource by default resolves to undefined', async () => {
    const saved: unknown[] = [];
    const accounts = startProcessor<unknown>({
      minDuration: 0,
      saveResource: (...args) => saved.push(args.slice(0, 2)),
    });
    expect(await accounts.run('alice', (resource) => [resource])).toEqual([undefined]);
    expect(saved).toEqual([['alice', undefined]]);
  });

  test('saveResource by default does nothing', async () => {
    const accounts = startProcessor<Account>({ minDuration: 0, loadResource: () => ({ balance: 3 }) });
    expect(await accounts.run('alice', (account) => account.balance)).toBe(3);
  });

  test('startProcessor needs no options', async () => {
    expect(await startProcessor().run('alice', () => 'done')).toBe('done');
  });

  test('loadResource gets the key and { signal }, saveResource the key, the resource and { signal }', async () => {
    const { loads, saves, ...store } = heldStore<Account>();
    const accounts = startProcessor<Account>({ ...store, minDuration: 0 });
    const resource = { balance: 1 };
    const run = accounts.run('alice', () => {});
    await settleDown();
    expect(loads[0]).toMatchObject({ key: 'alice', argumentCount: 2 });
    expect(loads[0]?.context.signal).toBeInstanceOf(AbortSignal);
    await loads[0]?.succeed(resource);
    expect(saves[0]).toMatchObject({ key: 'alice', argumentCount: 3 });
    expect(saves[0]?.resource).toBe(resource);
    expect(saves[0]?.context.signal).toBeInstanceOf(AbortSignal);
    await saves[0]?.succeed();
    await run;
  });

  test('pending is the number of runs accepted and not settled yet', async () => {
    const { loads, saves, ...store } = heldStore<Account>();
    const accounts = startProcessor<Account>({ ...store, minDuration: 0 });
    const controller = new AbortController();
    expect(accounts.pending).toBe(0);
    const first = accounts.run('alice', () => {});
    const second = accounts.read('alice', () => {});
    const third = rejectionOf(accounts.update('bob', (account) => account));
    const cancelled = rejectionOf(accounts.run('bob', () => {}, { signal: controller.signal }));
    await rejectionOf(accounts.run(Number.NaN as never, () => {}));
    expect(accounts.pending).toBe(4);
    controller.abort();
    await cancelled;
    expect(accounts.pending).toBe(3);
    await loads[0]?.succeed({ balance: 0 });
    expect(accounts.pending).toBe(3);
    await saves[0]?.succeed();
    await Promise.all([first, second]);
    expect(accounts.pending).toBe(1);
    await loads[1]?.fail(new Error('disk'));
    await third;
    expect(accounts.pending).toBe(0);
  });

  test('pending counts the runs whose batch has ended, and whose turn to settle comes after that of another key', async () => {
    const accounts = startProcessor<Account>({ minDuration: 0, loadResource: () => ({ balance: 0 }) });
    const pending: number[] = [];
    const runs: Promise<unknown>[] = [];
    for (const key of ['alice', 'bob', 'carol']) {
      for (let run = 0; run < 3; run++)
        runs.push(accounts.run(key, () => {}).then(() => pending.push(accounts.pending)));
    }
    expect(accounts.pending).toBe(9);
    await Promise.all(runs);
    expect(pending).toEqual([6, 6, 6, 3, 3, 3, 0, 0, 0]);
  });

  test('await using stops the processor at the end of the block', async () => {
    const saved: string[] = [];
    let accounts: Processor<Account>;
    {
      await using scoped = startProcessor<Account>({
        minDuration: 60_000,
        loadResource: () => ({ balance: 0 }),
        saveResource: (key) => saved.push(key),
      });
      accounts = scoped;
      watch(scoped.run('alice', () => {}));
    }
    expect(saved).toEqual(['alice']);
    expect(await rejectionOf(accounts.run('alice', () => {}))).toMatchObject({
      code: 'ERR_PROCESSOR_STOPPED',
    });
  });

  describe('Options out of range throw a TypeError or RangeError from startProcessor that names the option', () => {
    const bad: [name: string, options: Record<string, unknown>][] = [
      ['minDuration', { minDuration: -1 }],
      ['minDuration', { minDuration: -Number.MIN_VALUE }],
      ['minDuration', { minDuration: Number.NaN }],
      ['minDuration', { minDuration: Number.POSITIVE_INFINITY }],
      ['minDuration', { minDuration: Number.NEGATIVE_INFINITY }],
      ['minDuration', { minDuration: 2 ** 31 }],
      ['minDuration', { minDuration: '100' }],
      ['minDuration', { minDuration: null }],
      ['minDuration', { minDuration: 100n }],
      ['minDuration', { minDuration: {} }],
      ['minDuration', { minDuration: Symbol('100') }],
      ['maxDuration', { maxDuration: -1 }],
      ['maxDuration', { maxDuration: Number.NaN }],
      ['maxDuration', { maxDuration: '200' }],
      ['maxDuration', { maxDuration: null }],
      ['maxDuration', { minDuration: 10, maxDuration: 9.9 }],
      ['maxDuration', { maxDuration: 99 }],
      ['maxDuration', { minDuration: 0, maxDuration: -1 }],
      ['maxOperations', { maxOperations: 0 }],
      ['maxOperations', { maxOperations: -1 }],
      ['maxOperations', { maxOperations: 0.5 }],
      ['maxOperations', { maxOperations: 1.5 }],
      ['maxOperations', { maxOperations: Number.NaN }],
      ['maxOperations', { maxOperations: Number.NEGATIVE_INFINITY }],
      ['maxOperations', { maxOperations: '5' }],
      ['maxOperations', { maxOperations: null }],
      ['maxOperations', { maxOperations: 5n }],
      ['loadResource', { loadResource: null }],
      ['loadResource', { loadResource: 'get' }],
      ['loadResource', { loadResource: {} }],
      ['loadResource', { loadResource: Promise.resolve(1) }],
      ['saveResource', { saveResource: null }],
      ['saveResource', { saveResource: 0 }],
      ['saveResource', { saveResource: {} }],
    ];
    const show = (value: unknown) =>
      typeof value === 'string' ? `'${value}'` : typeof value === 'bigint' ? `${value}n` : String(value);
    test.each(
      bad.map(([name, options]) => {
        const title = Object.entries(options).map(([key, value]) => `${key}: ${show(value)}`);
        return [`{ ${title.join(', ')} }`, name, options] as const;
      }),
    )('%s', (_, name, options) => {
      let thrown: unknown;
      try {
        startProcessor(options as never);
      } catch (error) {
        thrown = error;
      }
      expect(thrown instanceof TypeError || thrown instanceof RangeError, String(thrown)).toBe(true);
      expect((thrown as Error).message).toContain(name);
    });

    test.each([
      { minDuration: 0 },
      { minDuration: 0.5 },
      { minDuration: 2 ** 31 - 1 },
      { minDuration: 10, maxDuration: 10 },
      { minDuration: 0, maxDuration: 0 },
      { maxDuration: Number.POSITIVE_INFINITY },
      { maxOperations: 1 },
      { maxOperations: 2 ** 32 + 1 },
      { maxOperations: Number.MAX_SAFE_INTEGER },
      { maxOperations: Number.POSITIVE_INFINITY },
    ])('but what is in range is taken: %o', async (options) => {
      const accounts = startProcessor<number>({ ...options, loadResource: () => 1 });
      const run = accounts.run('alice', (value) => value);
      await accounts.stop();
      expect(await run).toBe(1);
    });

    test('an error that an option getter throws comes through', () => {
      const error = new Error('getter');
      expect(() =>
        startProcessor({
          get minDuration(): number {
            throw error;
          },
        }),
      ).toThrow(error);
    });
  });

  test('an option that it does not know is ignored', async () => {
    const accounts = startProcessor<number>({
      minDuration: 0,
      loadResource: () => 1,
      close: () => {},
      path: '/tmp',
    } as object);
    expect(await accounts.run('alice', () => 'ran')).toBe('ran');
  });

  describe('run with a bad key rejects with a TypeError and starts no batch', () => {
    const keys: [string, unknown][] = [
      ['NaN', Number.NaN],
      ['undefined', undefined],
      ['null', null],
      ['an object', {}],
      ['an array', ['alice']],
      ['a String object', new String('alice')],
      ['a Number object', new Number(1)],
      ['a symbol', Symbol('alice')],
      ['a bigint', 1n],
      ['a boolean', true],
      ['a function', () => 'alice'],
    ];
    for (const method of ['run', 'update', 'read'] as const) {
      test.each(keys)(`${method}: %s`, async (_, key) => {
        const { loads, ...store } = heldStore<Account>();
        const accounts = startProcessor<Account>(store);
        expect(
          await rejectionOf(accounts[method as 'run'](key as string, (account) => account)),
        ).toBeInstanceOf(TypeError);
        await settleDown();
        expect(loads).toHaveLength(0);
        expect(accounts.pending).toBe(0);
      });
    }
  });

  describe('run with an operation that is no function rejects with a TypeError and starts no batch', () => {
    const operations: [string, unknown][] = [
      ['undefined', undefined],
      ['null', null],
      ['an object', {}],
      ['a string', 'return 1'],
      ['a promise', Promise.resolve()],
      ['an object with call', { call: () => {}, apply: () => {} }],
    ];
    for (const method of ['run', 'update', 'read'] as const) {
      test.each(operations)(`${method}: %s`, async (_, operation) => {
        const { loads, ...store } = heldStore<Account>();
        const accounts = startProcessor<Account>(store);
        expect(
          await rejectionOf(accounts[method as 'run']('alice', operation as () => Account)),
        ).toBeInstanceOf(TypeError);
        await settleDown();
        expect(loads).toHaveLength(0);
        expect(accounts.pending).toBe(0);
      });
    }
  });

  describe('keys', () => {
    test.each([
      ['the empty string', ''],
      ['__proto__', '__proto__'],
      ['constructor', 'constructor'],
      ['a lone high surrogate', '\ud800'],
      ['a lone low surrogate', '\udc00'],
      ['a string with a NUL', 'a\0b'],
      ['an emoji', '👩‍🚀'],
      ['a very long string', 'x'.repeat(1_000_000)],
      ['0', 0],
      ['-1', -1],
      ['0.1', 0.1],
      ['2 ** 53', 2 ** 53],
      ['Infinity', Number.POSITIVE_INFINITY],
      ['-Infinity', Number.NEGATIVE_INFINITY],
    ])('%s is a fine key and comes through unchanged', async (_, key) => {
      const seen: (string | number)[] = [];
      const accounts = startProcessor<number, string | number>({
        minDuration: 0,
        loadResource: (each) => seen.push(each),
        saveResource: (each) => {
          seen.push(each);
          throw new Error('disk');
        },
      });
      accounts.subscribeBatchMetrics((metric) => seen.push(metric.resourceKey));
      const error = (await rejectionOf(accounts.run(key, () => {}))) as groupcommit.BatchError;
      expect(seen.length).toBe(3);
      for (const each of [...seen, error.key]) expect(each === key).toBe(true);
    });

    test('two different lone surrogates are different keys', async () => {
      const { loads, ...store } = heldStore<number>();
      const accounts = startProcessor<number>(store);
      watch(accounts.run('\ud800', () => {}));
      watch(accounts.run('\ud801', () => {}));
      watch(accounts.run('\ufffd', () => {}));
      await settleDown();
      expect(loads.map((load) => load.key)).toEqual(['\ud800', '\ud801', '\ufffd']);
    });

    test("1 and '1' are different keys", async () => {
      const { loads, ...store } = heldStore<number, string | number>();
      const accounts = startProcessor<number, string | number>(store);
      watch(accounts.run(1, () => {}));
      watch(accounts.run('1', () => {}));
      watch(accounts.run(1, () => {}));
      await settleDown();
      expect(loads.map((load) => load.key)).toEqual([1, '1']);
    });

    test('0 and -0 are one', async () => {
      const { loads, ...store } = heldStore<number, number>();
      const accounts = startProcessor<number, number>(store);
      watch(accounts.run(0, () => {}));
      watch(accounts.run(-0, () => {}));
      await settleDown();
      expect(loads).toHaveLength(1);
      const flushed = watch(accounts.flush(-0));
      await loads[0]?.fail(new Error('disk'));
      expect(flushed.outcome.state).toBe('fulfilled');
      expect(accounts.pending).toBe(0);
    });
  });

  describe('Methods never throw where they return a promise: they reject', () => {
    const rejecting: [string, (accounts: Processor<Account>) => Promise<unknown>][] = [
      ['run without arguments', (accounts) => (accounts.run as () => Promise<unknown>)()],
      ['update without arguments', (accounts) => (accounts.update as () => Promise<unknown>)()],
      ['read without arguments', (accounts) => (accounts.read as () => Promise<unknown>)()],
      [
        'run with options whose signal getter throws',
        (accounts) =>
          accounts.run('alice', () => {}, {
            get signal(): AbortSignal {
              throw new Error('getter');
            },
          }),
      ],
      ['run after stop', (accounts) => (void accounts.stop(), accounts.run('alice', () => {}))],
      [
        'update after stop',
        (accounts) => (void accounts.stop(), accounts.update('alice', (account) => account)),
      ],
      ['read after stop', (accounts) => (void accounts.stop(), accounts.read('alice', () => {}))],
    ];
    test.each(rejecting)('%s', async (_, call) => {
      const promise = call(startProcessor<Account>({ minDuration: 0 }));
      expect(promise).toBeInstanceOf(Promise);
      await rejectionOf(promise);
    });

    test.each([
      [
        'run with null for options',
        (accounts: Processor<Account>) => accounts.run('alice', () => {}, null as never),
      ],
      [
        'run with a string for options',
        (accounts: Processor<Account>) => accounts.run('alice', () => {}, 'now' as never),
      ],
      ['flush with a bad key', (accounts: Processor<Account>) => accounts.flush({} as never)],
      ['flush with NaN', (accounts: Processor<Account>) => accounts.flush(Number.NaN as never)],
      [
        'stop with an argument',
        (accounts: Processor<Account>) => (accounts.stop as (now: boolean) => Promise<void>)(true),
      ],
    ])('%s (or they resolve)', async (_, call) => {
      const promise = call(startProcessor<Account>({ minDuration: 0 }));
      expect(promise).toBeInstanceOf(Promise);
      await promise.catch(() => {});
    });
  });
});
