import { describe, expect, test } from 'vitest';
import { counters, outcomesOf, sharing } from './sharing.js';
import { inChild, increment, noop, settleDown, watch } from './support.js';

const keys = ['alice', 'bob', 'carol'];
const trap = new Error('trap');

function revoked(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

const throwing = (target: object) => new Proxy(target, new Proxy({}, { get: () => () => { throw trap; } })); // biome-ignore format: one line

const failed = (key: string, code: string) => expect.objectContaining({ name: 'BatchError', code, key });

describe('and whether a place in the array of loadResources or saveResources holds an Error', () => {
  test.each([
    ['revoked', revoked],
    ['with throwing traps', throwing],
  ])('A place that holds a Proxy, %s, holds a resource', async (_, make) => {
    const { saves, runAll, load } = sharing<object>({ minDuration: 0 });
    const runs = await runAll(keys, noop);
    const resource = make({});
    await load([{}, resource, {}]);
    expect(saves[0]?.keys).toEqual(keys);
    expect(Object.is(saves[0]?.batches[1]?.resource, resource)).toBe(true);
    await saves[0]?.succeed([undefined, make({}), undefined]);
    expect(outcomesOf(runs)).toEqual([undefined, undefined, undefined]);
  });

  test('no property of what is there is read, nor called', async () => {
    const read: unknown[] = [];
    const spied = new Proxy({}, { get: (_, name) => void read.push(name), has: (_, name) => (read.push(name), false) }); // biome-ignore format: one line
    const { saves, runAll, load } = sharing<object>({ minDuration: 0 });
    await runAll(['alice'], noop);
    await load([spied]);
    await saves[0]?.succeed([spied]);
    expect(read.filter((name) => name !== Symbol.toStringTag)).toEqual([]);
  });

  test("an Error with getters that throw is that batch's failure", async () => {
    const error = Object.defineProperties(new Error(), {
      message: { get: () => { throw trap; } }, // biome-ignore format: one line
      code: { get: () => { throw trap; } }, // biome-ignore format: one line
    });
    const { saves, runAll, load } = sharing({ minDuration: 0, retries: 3 });
    const runs = await runAll(keys, increment);
    await load([error, ...counters(2)]);
    await saves[0]?.succeed([error, undefined]);
    expect(outcomesOf(runs)).toEqual([
      failed('alice', 'ERR_LOAD_FAILED'),
      failed('bob', 'ERR_SAVE_FAILED'),
      1,
    ]);
    for (const { cause } of outcomesOf(runs).slice(0, 2) as Error[]) expect(cause).toBe(error);
  });
});

describe('Whatever the array is, its call and no other hears of it', () => {
  class Rows extends Array<unknown> {
    override map(): never {
      throw trap;
    }
    static override get [Symbol.species](): never {
      throw trap;
    }
    override [Symbol.iterator](): never {
      throw trap;
    }
  }

  test.each([
    [
      'a subclass whose methods throw',
      (values: object[]) => Object.setPrototypeOf([...values], Rows.prototype),
    ],
    ['a frozen one', (values: object[]) => Object.freeze([...values])],
    ['a Proxy that does nothing', (values: object[]) => new Proxy([...values], {})],
    ['one without a prototype', (values: object[]) => Object.setPrototypeOf([...values], null)],
    [
      'one with getters',
      (values: object[]) => Object.defineProperty([...values], 1, { get: () => values[1] }),
    ],
  ])('it is taken: %s', async (_, make) => {
    const { saves, runAll, load } = sharing({ minDuration: 0 });
    const runs = await runAll(keys, increment);
    await load(make(counters(3)));
    await saves[0]?.succeed(make([{}, {}, {}]));
    expect(outcomesOf(runs)).toEqual([1, 1, 1]);
  });

  test('a hole is a resource that is undefined', async () => {
    const { saves, runAll, load } = sharing<unknown>({ minDuration: 0 });
    await runAll(keys, noop);
    await load(new Array(3));
    expect(saves[0]?.batches.map(({ resource }) => resource)).toEqual([undefined, undefined, undefined]);
  });

  const hostile: [name: string, make: () => object][] = [
    ['a revoked Proxy of one', () => revoked([{}, {}, {}])],
    ['a Proxy with throwing traps', () => throwing([{}, {}, {}])],
    ['one with a getter that throws', () => Object.defineProperty([{}, {}, {}], 1, { get: () => { throw trap; } })], // biome-ignore format: one line
    ['a Proxy that lies of its length', () => new Proxy([{}], { get: (rows, name) => (name === 'length' ? 4 : Reflect.get(rows, name)) })], // biome-ignore format: one line
  ];
  test.each(hostile)('or all of the call fail, and no other: %s', async (_, make) => {
    const { loads, saves, runAll } = sharing({ minDuration: 0 });
    const runs = await runAll(keys, increment);
    const others = await runAll(['dora'], increment);
    await loads[0]?.succeed(make());
    await loads[1]?.succeed(counters(1));
    await saves[0]?.succeed(make());
    const next = await runAll(['alice'], increment);
    await loads[2]?.succeed(counters(1));
    await saves[1]?.succeed();
    expect(outcomesOf(runs)).toEqual(keys.map((key) => failed(key, 'ERR_LOAD_FAILED')));
    expect(outcomesOf(others)).toEqual([failed('dora', 'ERR_SAVE_FAILED')]);
    expect(outcomesOf(next)).toEqual([1]);
  });

  test('a getter of it may call anything', async () => {
    const { accounts, loads, saves, runAll } = sharing({ minDuration: 0 });
    const runs = await runAll(keys, increment);
    const inside: { outcome: unknown }[] = [];
    const rows = Object.defineProperty(counters(3), 1, {
      get: () => {
        inside.push(watch(accounts.run('bob', increment)), watch(accounts.run('dora', increment)), watch(accounts.flush())); // biome-ignore format: one line
        return { count: 0 };
      },
    });
    await loads[0]?.succeed(rows);
    for (let round = 0; round < 3; round++) {
      for (const load of loads.slice(1)) await load.succeed(counters(load.keys.length));
      for (const save of saves) await save.succeed();
    }
    expect(outcomesOf(runs).map((value) => Number(value) > 0)).toEqual([true, true, true]);
    expect(inside.map(({ outcome }) => (outcome as { state: string }).state)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']); // biome-ignore format: one line
    await settleDown();
    expect(accounts.pending).toBe(0);
  });
});

describe('Nothing of a shared call is left unhandled', () => {
  test('whatever it rejects with, throws or returns, and whoever does not listen', async () => {
    const { code, stdout, stderr } = await inChild(`
      process.on('unhandledRejection', (reason) => print('unhandled ' + reason));
      process.on('uncaughtException', (error) => print('uncaught ' + error));
      const { proxy, revoke } = Proxy.revocable([], {});
      revoke();
      const ends = [
        () => Promise.reject(new Error('disk')), () => { throw new Error('disk') }, () => proxy, async () => [], async () => [new Error('a'), new Error('b')],
        () => ({ then: (_, fail) => { fail('disk'); throw 1 } }), () => ({ then() { throw 1 } }),
        () => Object.defineProperty(Promise.resolve([]), 'constructor', { get() { throw new Error('constructor') } }),
      ];
      let failed = 0;
      for (const loadResources of ends) {
        for (const options of [{ loadResources }, { saveResources: loadResources }]) {
          const accounts = startProcessor({ minDuration: 0, ...options });
          const runs = ['alice', 'bob'].map((key) => accounts.run(key, () => {}));
          for (const { status } of await Promise.allSettled(runs)) failed += status === 'rejected';
          await accounts.stop();
        }
      }
      print(failed);
    `);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '32\n', stderr: '' });
  });
});
