import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { objectsOf } from './durable-objects/objects.js';
import { examples, startWorker, workerdFolder } from './durable-objects/workerd.mjs';
import { harness } from './harnesses/durable-objects.mjs';
import { race } from './race/race.mjs';

// The examples of docs/durable-objects.md, as they are written there, in workerd.

const root = fileURLToPath(new URL('../..', import.meta.url));
const codes = await examples();
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1);
const byNumber = (a: unknown, b: unknown) => Number(a) - Number(b);

describe('The examples of docs/durable-objects.md', () => {
  test.for(codes.map((code, i) => [i, code] as const))(
    '%i compiles',
    { timeout: 300_000 },
    async ([, code]) => {
      const folder = await mkdtemp(join(tmpdir(), 'durable-objects-'));
      try {
        const types = join(await workerdFolder(), 'node_modules', '@cloudflare', 'workers-types');
        await mkdir(join(folder, 'node_modules'));
        await symlink(root, join(folder, 'node_modules', 'groupcommit'));
        const file = join(folder, 'worker.ts');
        await writeFile(file, code);
        const { ES2022, ESNext, Bundler } = {
          ...ts.ScriptTarget,
          ...ts.ModuleKind,
          ...ts.ModuleResolutionKind,
        };
        const program = ts.createProgram([file], {
          strict: true,
          noEmit: true,
          target: ES2022,
          module: ESNext,
          moduleResolution: Bundler,
          lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
          types: [types],
          skipLibCheck: true,
        });
        const messages = ts
          .getPreEmitDiagnostics(program)
          .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
        expect(messages).toEqual([]);
      } finally {
        await rm(folder, { recursive: true });
      }
    },
  );

  test.for([
    [0, 'ITEMS', 'Item'],
    [1, 'LIKES', 'Likes'],
    [2, 'COUNTERS', 'Counter'],
  ] as const)('%i answers requests', { timeout: 300_000 }, async ([place, name, className]) => {
    const worker = await startWorker(codes[place] as string, {
      durableObjects: { [name]: { className, useSQLite: true } },
      r2Buckets: ['BUCKET'],
    });
    try {
      const ask = () => worker.dispatchFetch('http://localhost/apple', { method: 'POST' });
      const answers = await Promise.all(upTo(10).map(async () => (await ask()).json()));
      expect(answers.sort(byNumber)).toEqual(upTo(10));
    } finally {
      await worker.dispose();
    }
  });
});

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
    const result = await race(harness, { processes: 3, increments: 3_000 });
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
        storage.get = (keys) => (this.#calls.push('get ' + keys.length), get(keys));
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

describe('Records in R2', () => {
  const { call, bucket } = objectsOf(`
    import { Counter } from 'example:2';
    export class Tested extends Counter {
      #calls = { get: 0, put: 0 };
      #slow = 0;
      #lost = 0;
      constructor(ctx, env) {
        const { BUCKET } = env;
        super(ctx, { BUCKET: {
          get: async (key) => {
            this.#calls.get++;
            await this.#pause();
            return BUCKET.get(key);
          },
          put: async (...args) => {
            this.#calls.put++;
            await this.#pause();
            const saved = await BUCKET.put(...args);
            if (this.#lost-- > 0) throw new Error('Network connection lost.');
            return saved;
          },
        } });
      }
      #pause() { return new Promise((resolve) => setTimeout(resolve, this.#slow)); }
      calls() { return this.#calls; }
      setSlow(ms) { this.#slow = ms; }
      loseNext() { this.#lost = 1; }
      async many(key, count) { return Promise.all(Array.from({ length: count }, () => this.visit(key))); }
    }`);
  const visitsOf = async (key: string) => (await (await bucket()).get(key))?.json();

  test('are loaded once and saved once for many calls', async () => {
    expect(await call('one request', 'many', ['one request', 300])).toEqual(upTo(300));
    expect(await call('one request', 'calls')).toEqual({ get: 1, put: 1 });
    const visits = await Promise.all(upTo(300).map(() => call('many', 'visit', ['many'])));
    expect(visits.sort(byNumber)).toEqual(upTo(300));
    expect(((await call('many', 'calls')) as { put: number }).put).toBeLessThan(200);
    expect(await visitsOf('many')).toEqual({ visits: 300 });
  });

  test('that several objects write lose nothing', async () => {
    const names = ['a', 'b', 'c'];
    for (let round = 0; round < 5; round++) {
      await Promise.all(
        names.flatMap((name) => [call(name, 'visit', ['shared']), call(name, 'visit', ['shared'])]),
      );
    }
    expect(await visitsOf('shared')).toEqual({ visits: 30 });
  });

  test('that others have written meanwhile are loaded again', async () => {
    await call('others', 'setSlow', [500]);
    const visit = call('others', 'visit', ['others']);
    await expect.poll(() => call('others', 'calls')).toEqual({ get: 1, put: 1 });
    await (await bucket()).put('others', JSON.stringify({ visits: 50 }));
    expect(await visit).toBe(51);
    expect(await call('others', 'calls')).toEqual({ get: 2, put: 2 });
  });

  test('are not saved twice when the answer of a save is lost', async () => {
    await call('lost', 'loseNext');
    await expect(call('lost', 'visit', ['lost'])).rejects.toThrow(
      "BatchError: Could not save the resource 'lost': Network connection lost.",
    );
    expect(await call('lost', 'calls')).toEqual({ get: 1, put: 1 });
    expect(await visitsOf('lost')).toEqual({ visits: 1 });
    expect(await call('lost', 'visit', ['lost'])).toBe(2);
  });

  test('reach others also if the client of the request that began the batch goes away', async () => {
    await call('leaving', 'setSlow', [500]);
    const leaving = new AbortController();
    const first = call('leaving', 'visit', ['leaving'], leaving.signal);
    await expect.poll(() => call('leaving', 'calls')).toEqual({ get: 1, put: 0 });
    const second = call('leaving', 'visit', ['leaving']);
    leaving.abort();
    await expect(first).rejects.toThrow('aborted');
    expect(await second).toBe(2);
    expect(await visitsOf('leaving')).toEqual({ visits: 2 });
  });
});
