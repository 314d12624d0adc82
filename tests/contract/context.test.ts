import { describe, expect, test } from 'vitest';
import { inChild, leftAfterCollection, minute, open, settleDown, watch } from './support.js';
import { logging, tenant } from './tenants.js';

const loggingEach = (options: object = {}) =>
  logging((see) => ({
    lockResource: async (key: string) => see(`lock ${key}`),
    loadResource: async (key: string) => (see(`load ${key}`), {}),
    saveResource: async (key: string) => see(`save ${key}`),
    ...options,
  }));

describe('Asynchronous context', () => {
  test('Where the platform has one (AsyncLocalStorage in Node): three runs on keys of their own, each in its context', async () => {
    const { log, run } = loggingEach();
    await Promise.all(['A', 'B', 'C'].map((store) => run(store, `key of ${store}`)));
    const expected = ['A', 'B', 'C'].flatMap((store) =>
      ['lock', 'load', 'operation on', 'save'].map((what) => `${what} key of ${store}: ${store}`),
    );
    expect(log.sort()).toEqual(expected.sort());
  });

  test('lock, load and save of a batch run in the context of the run that began it, and an operation in that of its caller', async () => {
    const { log, run } = loggingEach();
    await Promise.all(['A', 'B', 'C'].map((store) => run(store, 'shared')));
    const operations = ['A', 'B', 'C'].map((store) => `operation on shared: ${store}`);
    expect(log).toEqual(['lock shared: A', 'load shared: A', ...operations, 'save shared: A']);
  });

  test('an operation in that of its caller, also in an open batch, and closed by a flush in another context', async () => {
    const { accounts, log, run } = loggingEach({ minDuration: minute });
    const runs = [run('A', 'shared')];
    await settleDown();
    runs.push(run('B', 'shared'));
    await settleDown();
    runs.push(run('C', 'shared'));
    tenant.run('D', () => watch(accounts.flush()));
    await Promise.all(runs);
    const operations = ['A', 'B', 'C'].map((store) => `operation on shared: ${store}`);
    expect(log).toEqual(['lock shared: A', 'load shared: A', ...operations, 'save shared: A']);
  });

  test('the batch behind a save runs in the context of its own first run', async () => {
    const { log, run } = loggingEach();
    const runs = [run('A', 'shared')];
    await Promise.resolve();
    await settleDown();
    runs.push(run('B', 'shared'), run('C', 'shared'));
    await Promise.all(runs);
    expect(log.slice(-5)).toEqual([
      'lock shared: B',
      'load shared: B',
      'operation on shared: B',
      'operation on shared: C',
      'save shared: B',
    ]);
  });

  test('a run that is made without a context has none', async () => {
    const { log, run, accounts } = loggingEach();
    const inContext = run('A', 'alice');
    await Promise.all([inContext, accounts.run('bob', () => void log.push(`own: ${tenant.getStore()}`))]);
    expect(log.filter((line) => line.includes('bob') || line.startsWith('own')).sort()).toEqual([
      'load bob: undefined',
      'lock bob: undefined',
      'own: undefined',
      'save bob: undefined',
    ]);
  });

  test('a window that a timer closes, armed in the context of another key', async () => {
    const { log, run } = loggingEach({ minDuration: 20 });
    await Promise.all(['A', 'B', 'C'].map((store) => run(store, `key of ${store}`)));
    expect(log.filter((line) => line.startsWith('save')).sort()).toEqual(
      ['A', 'B', 'C'].map((store) => `save key of ${store}: ${store}`),
    );
  });

  test('the caller goes on in its own context', async () => {
    const { accounts, load, save } = open();
    const seen: unknown[] = [];
    for (const store of ['A', 'B']) {
      tenant.run(store, () => void accounts.run('alice', () => {}).then(() => seen.push(tenant.getStore())));
    }
    await load();
    await save();
    expect(seen).toEqual(['A', 'B']);
  });

  test.each([0, 10])(
    'Nothing of a context is kept when its runs have settled (minDuration %d)',
    async (minDuration) => {
      const { code, stdout, stderr } = await inChild(
        `
        import { AsyncLocalStorage } from 'node:async_hooks';
        const storage = new AsyncLocalStorage();
        const stores = [];
        let accounts;
        async function oneRequest(each) {
          const store = { each };
          stores.push(new WeakRef(store));
          await storage.run(store, async () => {
            accounts ??= startProcessor({ minDuration: ${minDuration}, loadResource: async () => ({}) });
            const { signal } = new AbortController();
            await Promise.all([accounts.run('own ' + each, () => {}, { signal }), accounts.run('shared', () => {})]);
          });
        }
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
