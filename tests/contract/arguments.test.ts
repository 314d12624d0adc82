import { type Processor, startProcessor } from 'groupcommit';
import { describe, expect, test } from 'vitest';
import { type Counter, heldStore, noop, open, rejectionOf, settleDown, watch } from './support.js';

describe('The surface', () => {
  describe('run with a bad key (neither string nor number, or NaN) or an operation that is no function', () => {
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
        const { loads, ...store } = heldStore<Counter>();
        const accounts = startProcessor<Counter>(store);
        expect(
          await rejectionOf(accounts[method as 'run'](key as string, (counter) => counter)),
        ).toBeInstanceOf(TypeError);
        await settleDown();
        expect(loads).toHaveLength(0);
        expect(accounts.pending).toBe(0);
      });
    }
  });

  describe('or an operation that is no function rejects with a TypeError and starts no batch', () => {
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
        const { loads, ...store } = heldStore<Counter>();
        const accounts = startProcessor<Counter>(store);
        expect(
          await rejectionOf(accounts[method as 'run']('alice', operation as () => Counter)),
        ).toBeInstanceOf(TypeError);
        await settleDown();
        expect(loads).toHaveLength(0);
        expect(accounts.pending).toBe(0);
      });
    }
  });

  describe('Methods never throw where they return a promise: they reject', () => {
    const rejecting: [string, (accounts: Processor<Counter>) => Promise<unknown>][] = [
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
        (accounts) => (void accounts.stop(), accounts.update('alice', (counter) => counter)),
      ],
      ['read after stop', (accounts) => (void accounts.stop(), accounts.read('alice', () => {}))],
    ];
    test.each(rejecting)('%s', async (_, call) => {
      const promise = call(startProcessor<Counter>({ minDuration: 0 }));
      expect(promise).toBeInstanceOf(Promise);
      await rejectionOf(promise);
    });

    test.each([
      [
        'run with null for options',
        (accounts: Processor<Counter>) => accounts.run('alice', () => {}, null as never),
      ],
      [
        'run with a string for options',
        (accounts: Processor<Counter>) => accounts.run('alice', () => {}, 'now' as never),
      ],
      ['stop with a boolean for options', (accounts: Processor<Counter>) => accounts.stop(true as never)],
    ])('%s (or they resolve)', async (_, call) => {
      const promise = call(startProcessor<Counter>({ minDuration: 0 }));
      expect(promise).toBeInstanceOf(Promise);
      await promise.catch(() => {});
    });

    test.each([[{}], [Number.NaN], [null], [Symbol('alice')]])(
      'flush of %s, which is no key, has nothing to wait for',
      async (key) => {
        const { accounts } = open();
        watch(accounts.run('alice', noop));
        expect(await accounts.flush(key as never)).toBeUndefined();
        expect(accounts.pending).toBe(1);
      },
    );
  });
});
