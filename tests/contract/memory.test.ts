import { describe, expect, test } from 'vitest';
import { inChild } from './support.js';

describe('Memory', () => {
  test('A key with nothing to do costs no memory: that of 300,000 keys that came and went is free again', async () => {
    const { code, stdout, stderr } = await inChild(
      `
        const accounts = startProcessor({
          minDuration: 0,
          loadResource: async () => ({ count: 0 }),
          saveResource: async (key) => { if (key.endsWith('7')) throw new Error('disk') },
        });
        const { signal } = new AbortController();
        const resources = [];
        async function comeAndGo(from, to) {
          const runs = [];
          for (let key = from; key < to; key++) {
            runs.push(accounts.run('a key of some length, number ' + key, (resource) => {
              if (key % 100 === 0) resources.push(new WeakRef(resource));
              return resource;
            }, key % 3 === 0 ? { signal } : undefined));
            runs.push(accounts.read('a key of some length, number ' + key, () => {}));
          }
          await Promise.allSettled(runs);
        }
        async function used() {
          for (let round = 0; round < 5; round++) {
            await new Promise((resolve) => setTimeout(resolve, 5));
            gc();
          }
          const { heapUsed, external, arrayBuffers } = process.memoryUsage();
          return { heap: heapUsed, other: external + arrayBuffers };
        }
        // The first keys in flight may grow pools and tables, once.
        for (let key = 0; key < 30_000; key += 10_000) await comeAndGo(key, key + 10_000);
        resources.length = 0;
        const before = await used();
        for (let key = 30_000; key < 330_000; key += 10_000) await comeAndGo(key, key + 10_000);
        const after = await used();
        print(JSON.stringify({
          heap: after.heap - before.heap,
          other: after.other - before.other,
          resources: resources.length,
          kept: resources.filter((reference) => reference.deref()).length,
          pending: accounts.pending,
        }));
      `,
      { flags: ['--expose-gc'], timeout: 240_000 },
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const grown = JSON.parse(stdout);
    expect(grown).toMatchObject({ resources: 3_000, kept: 0, pending: 0 });
    // Were each key to keep 20 bytes, the smallest entry of a table, this would be 6 MB.
    expect(grown.heap).toBeLessThan(4_000_000);
    expect(grown.other).toBeLessThan(2_000_000);
  }, 240_000);

  test('a resource is let go when its batch has ended, although its key and processor live on', async () => {
    const { code, stdout, stderr } = await inChild(
      `
        const references = {};
        const accounts = startProcessor({
          minDuration: 0,
          loadResource: async () => {
            const resource = {};
            references.resource = new WeakRef(resource);
            return resource;
          },
          saveResource: async (key, resource, context) => { references.signal = new WeakRef(context.signal) },
        });
        async function once() {
          const result = {};
          const operation = () => result;
          references.operation = new WeakRef(operation);
          references.result = new WeakRef(result);
          await accounts.run('alice', operation);
        }
        await once();
        for (let round = 0; round < 20; round++) {
          await new Promise((resolve) => setTimeout(resolve, 5));
          gc();
        }
        print(Object.keys(references).filter((name) => references[name].deref()).join(' ') || 'nothing kept');
        await accounts.run('bob', () => {});
      `,
      { flags: ['--expose-gc'] },
    );
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'nothing kept\n', stderr: '' });
  });
});
