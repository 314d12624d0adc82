import { describe, expect, test } from 'vitest';
import { byNumber, objectsOf, upTo } from './durable-objects/objects.js';
import type { Harness } from './harness.js';
import { harness } from './harnesses/durable-objects.mjs';
import { race } from './race/race.mjs';

describe('Records in the object', () => {
  const { call } = objectsOf(`
    import { Item } from 'example:0';
    export class Tested extends Item {
      #puts = 0;
      constructor(ctx, env) {
        super(ctx, env);
        const put = ctx.storage.put.bind(ctx.storage);
        ctx.storage.put = (...args) => (this.#puts++, put(...args));
      }
      puts() { return this.#puts; }
      sellOut() { return this.ctx.storage.put('stock', { sold: 1_000_000 }); }
      crash() { this.buy().catch(() => {}); this.ctx.abort(); }
      async many(count) { return Promise.all(Array.from({ length: count }, () => this.buy())); }
    }`);

  test('are saved once for many requests', async () => {
    const sold = await Promise.all(upTo(300).map(() => call('many', 'buy')));
    expect(sold.sort(byNumber)).toEqual(upTo(300));
    expect(await call('many', 'sold')).toBe(300);
    expect(await call('many', 'puts')).toBeLessThan(100);
  });

  test('are saved once for many calls in one request', async () => {
    expect(await call('one request', 'many', [300])).toEqual(upTo(300));
    expect(await call('one request', 'puts')).toBe(1);
  });

  test('are not changed by an operation that throws, whose caller gets name and message of the error', async () => {
    await call('sold out', 'sellOut');
    await expect(call('sold out', 'buy')).rejects.toMatchObject({ name: 'RangeError', message: 'Sold out' });
    expect(await call('sold out', 'sold')).toBe(1_000_000);
  });

  test('that were acknowledged are there when the object has crashed', async () => {
    const sold = await Promise.all(upTo(20).map(() => call('crash', 'buy')));
    const pending = call('crash', 'buy').then(
      () => 1,
      () => 0,
    );
    await expect(call('crash', 'crash')).rejects.toThrow();
    const count = (await call('crash', 'sold')) as number;
    expect(count).toBeGreaterThanOrEqual(sold.length + (await pending));
    expect(count).toBeLessThanOrEqual(sold.length + 2);
    expect(await call('crash', 'buy')).toBe(count + 1);
  });

  test('that were acknowledged are there when workerd is killed under way', {
    timeout: 300_000,
  }, async () => {
    const result = await race(harness as Harness, { processes: 3, increments: 3_000 });
    expect(result).toMatchObject({ lost: 0, twice: 0 });
    expect(result.acknowledged).toBeGreaterThanOrEqual(3_000);
    expect(result.unknown).toBeGreaterThan(0);
  });
});

describe('Many records in the object', () => {
  const { call } = objectsOf(`
    import { Likes } from 'example:1';
    export class Tested extends Likes {
      #calls = [];
      constructor(ctx, env) {
        super(ctx, env);
        const { storage } = ctx;
        const get = storage.get.bind(storage);
        const put = storage.put.bind(storage);
        storage.get = async (keys) => {
          this.#calls.push('get ' + keys.length);
          // Longer than the window, whose end may come at any time in the midst of a load.
          await new Promise((resolve) => setTimeout(resolve, 100));
          return get(keys);
        };
        storage.put = (entries) => (this.#calls.push('put ' + Object.keys(entries).length), put(entries));
      }
      calls() { return this.#calls; }
      async likeAll(posts) { return Promise.all(posts.map((post) => this.like(post))); }
    }`);

  test('are loaded and saved by calls for 128 of them', async () => {
    const posts = upTo(300).map((i) => `post ${i}`);
    expect(await call('all', 'likeAll', [posts])).toEqual(posts.map(() => 1));
    expect(await call('all', 'calls')).toEqual(
      [128, 128, 44].flatMap((count) => [`get ${count}`, `put ${count}`]).sort(),
    );
    expect(await call('all', 'likeAll', [['post 7', '__proto__', 'post 7']])).toEqual([2, 1, 3]);
    expect(await call('all', 'like', ['__proto__'])).toBe(2);
  });
});
