import { describe, expect, test } from 'vitest';
import { keysOf } from './sharing.js';
import { inChild, leftAfterCollection, settleDown } from './support.js';
import { logging, tenant } from './tenants.js';

const loggingTogether = (options: object = {}) =>
  logging((see) => ({
    loadResources: async (batches: { key: string }[]) => {
      see(`load ${keysOf(batches)}`);
      await settleDown();
      see(`loaded ${keysOf(batches)}`);
      return batches.map(() => ({}));
    },
    saveResources: async (batches: { key: string }[]) => see(`save ${keysOf(batches)}`),
    ...options,
  }));

describe('A shared call runs in the context of its first batch', () => {
  test('that of its first run, and the operations in those of their callers', async () => {
    const { log, run } = loggingTogether();
    await Promise.all([run('A', 'alice'), run('B', 'alice'), run('C', 'bob'), run('D', 'carol')]);
    expect(log).toEqual([
      'load alice,bob,carol: A',
      'loaded alice,bob,carol: A',
      'operation on alice: A',
      'operation on alice: B',
      'operation on bob: C',
      'operation on carol: D',
      'save alice,bob,carol: A',
    ]);
  });

  test.each([0, 10])('each call in that of its own first (minDuration %d)', async (minDuration) => {
    const { log, run } = loggingTogether({ minDuration, maxKeys: 1 });
    await Promise.all([run('A', 'alice'), run('B', 'bob')]);
    const calls = (key: string, store: string) =>
      ['load', 'loaded', 'operation on', 'save'].map((what) => `${what} ${key}: ${store}`);
    expect(log.sort()).toEqual([...calls('alice', 'A'), ...calls('bob', 'B')].sort());
  });

  test('locks in those of their batches', async () => {
    const locked: unknown[] = [];
    const { run } = loggingTogether({
      lockResource: (key: string) => void locked.push([key, tenant.getStore()]),
    });
    await Promise.all([run('A', 'alice'), run('B', 'bob')]);
    expect(locked).toEqual([
      ['alice', 'A'],
      ['bob', 'B'],
    ]);
  });

  test('in none, if the first run has none', async () => {
    const { accounts, log, run } = loggingTogether();
    await Promise.all([accounts.run('alice', () => {}), run('B', 'bob')]);
    expect(log.filter((line) => !line.startsWith('operation'))).toEqual(
      ['load', 'loaded', 'save'].map((what) => `${what} alice,bob: undefined`),
    );
  });

  test.each([0, 10])(
    'nothing of it is kept when the runs have settled (minDuration %d)',
    async (minDuration) => {
      const { code, stdout, stderr } = await inChild(
        `
      import { AsyncLocalStorage } from 'node:async_hooks';
      const storage = new AsyncLocalStorage();
      const stores = [];
      const accounts = startProcessor({
        minDuration: ${minDuration},
        concurrency: 2,
        maxKeys: 3,
        loadResources: async (batches, { signal }) => (await null, batches.map(() => ({ signal }))),
        saveResources: async (batches, { signal }) => void (await null),
      });
      async function oneRequest(each) {
        const store = { each };
        stores.push(new WeakRef(store));
        await storage.run(store, () => Promise.all([accounts.run('own ' + each, () => {}), accounts.run('shared', () => {})]));
      }
      await Promise.all(Array.from({ length: 20 }, (_, each) => oneRequest(each)));
      for (let each = 0; each < 20; each++) await oneRequest(each);
      await new Promise((resolve) => setTimeout(resolve, 5));
      await left(stores);
      await accounts.run('alive', () => {});
    ${leftAfterCollection}`,
        { flags: ['--expose-gc'] },
      );
      expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '0\n', stderr: '' });
    },
  );
});

describe('Nothing of a shared call is kept when its batches have ended', () => {
  test('neither resources nor arrays nor signals', async () => {
    const { code, stdout, stderr } = await inChild(
      `
      const resources = [], arrays = [], batchObjects = [], signals = [];
      const keep = (list, value) => (list.push(new WeakRef(value)), value);
      const accounts = startProcessor({
        minDuration: 0,
        loadResources: async (batches, { signal }) => {
          keep(signals, signal);
          keep(arrays, batches);
          for (const batch of batches) keep(batchObjects, batch);
          return keep(arrays, batches.map(() => keep(resources, {})));
        },
        saveResources: async (batches) => void keep(arrays, batches),
      });
      for (let round = 0; round < 5; round++) await Promise.all(['a', 'b', 'c'].map((key) => accounts.run(key, () => {})));
      await left(resources, arrays, batchObjects, signals);
      await accounts.run('a', () => {});
    ${leftAfterCollection}`,
      { flags: ['--expose-gc'] },
    );
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '0,0,0,0\n', stderr: '' });
  });
});
