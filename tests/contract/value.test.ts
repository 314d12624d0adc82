import { startProcessor } from 'groupcommit';
import { describe, expect, test } from 'vitest';
import { type Counter, methods, open, settleDown, watch } from './support.js';

describe('What a caller gets', () => {
  describe("The operation's return value, after the save succeeded", () => {
    test('not before', async () => {
      const { accounts, load, saves } = open();
      const run = watch(accounts.run('alice', (counter) => counter.count + 1));
      await load({ count: 41 });
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
      const accounts = startProcessor<Counter>({ minDuration: 0 });
      expect(Object.is(await accounts.run('alice', () => value), value)).toBe(true);
      expect(Object.is(await accounts.read('alice', () => value), value)).toBe(true);
    });

    test('each caller gets its own', async () => {
      const accounts = startProcessor<Counter>({ minDuration: 0, loadResource: () => ({ count: 0 }) });
      const runs = Array.from({ length: 100 }, (_, index) =>
        accounts.run('alice', (counter) => [index, ++counter.count]),
      );
      expect(await Promise.all(runs)).toEqual(Array.from({ length: 100 }, (_, index) => [index, index + 1]));
    });

    test('run(key, (r) => T): Promise, a genuine one', () => {
      const accounts = startProcessor<Counter>({ minDuration: 0 });
      for (const method of methods)
        expect(accounts[method as 'run']('alice', (counter) => counter)).toBeInstanceOf(Promise);
    });
  });

  describe('An operation', () => {
    test('gets the resource as its one argument', async () => {
      const accounts = startProcessor<Counter>({ minDuration: 0, loadResource: () => ({ count: 3 }) });
      for (const method of methods) {
        const seen: unknown[][] = [];
        await accounts[method as 'run']('alice', (...args) => {
          seen.push(args);
          return args[0];
        });
        expect(seen).toEqual([[{ count: 3 }]]);
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
    const resource = { count: 1 };
    const first = accounts.run('alice', () => ({ count: 99 }));
    const second = accounts.read('alice', (counter) => counter);
    await load(resource);
    await save();
    expect(saves[0]?.resource).toBe(resource);
    expect(await first).toEqual({ count: 99 });
    expect(await second).toBe(resource);
  });
});
