import { describe, expect, test } from 'vitest';
import { byNumber, objectsOf, upTo } from './durable-objects/objects.js';

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
