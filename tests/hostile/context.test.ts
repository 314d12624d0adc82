import { AsyncLocalStorage } from 'node:async_hooks';
import { startProcessor } from 'groupcommit';
import { describe, expect, test } from 'vitest';
import { heldStore, inChild, settleDown } from '../node/support.js';
import { atRest, fulfilled } from './support.js';

describe('Asynchronous context', () => {
  const tenant = new AsyncLocalStorage<string>();
  const seen: string[] = [];
  const see = (what: string) => void seen.push(`${what}: ${tenant.getStore()}`);
  const watched = {
    lockResource: async (key: string) => (see(`lock ${key}`), () => see(`release ${key}`)),
    loadResource: async (key: string) => (see(`load ${key}`), {}),
    saveResource: async (key: string) => see(`save ${key}`),
  };
  const requests = ['A', 'B', 'C'];

  test('lock, load, operations and save of three requests, each on a key of its own, see the store of their own', async () => {
    for (const minDuration of [0, 1]) {
      seen.length = 0;
      const accounts = startProcessor<object>({ ...watched, minDuration, maxDuration: 10_000 });
      await Promise.all(
        requests.map((name) =>
          tenant.run(name, async () => {
            for (let batch = 0; batch < 3; batch++) {
              await accounts.run(name, () => see(`run ${name}`));
              see(`after ${name}`);
            }
          }),
        ),
      );
      for (const name of requests) {
        const own = seen.filter((line) => line.split(/[ :]/)[1] === name && !line.startsWith('release'));
        const batch = ['lock', 'load', 'run', 'save', 'after'].map((what) => `${what} ${name}: ${name}`);
        expect(own).toEqual([...batch, ...batch, ...batch]);
      }
    }
  });

  test('of several requests on one key, each operation sees the store of its caller, lock, load and save that of the first', async () => {
    seen.length = 0;
    const accounts = startProcessor<object>({ ...watched, minDuration: 0 });
    const controller = new AbortController();
    await Promise.all(
      requests.flatMap((name) =>
        tenant.run(name, () => [
          accounts.run('key', () => see('run')),
          accounts.update('key', (each) => (see('update'), each), { signal: controller.signal }),
          accounts.read('key', () => see('read')),
        ]),
      ),
    );
    expect(seen.filter((line) => !line.startsWith('release'))).toEqual([
      'lock key: A',
      'load key: A',
      ...requests.flatMap((name) => [`run: ${name}`, `update: ${name}`, `read: ${name}`]),
      'save key: A',
    ]);
  });

  test('a run that joins a loaded batch that is open, and the batch that waits behind a save, see the stores of their own', async () => {
    seen.length = 0;
    const store = heldStore<object>();
    const accounts = startProcessor<object>({
      minDuration: 60_000,
      loadResource: (key, context) => (see('load'), store.loadResource(key, context)),
      saveResource: (key, resource, context) => (see('save'), store.saveResource(key, resource, context)),
    });
    const run = (name: string) => tenant.run(name, () => atRest(accounts.run('key', () => see('run'))));
    const runs = [run('A')];
    await settleDown();
    await tenant.run('loader', () => store.loads[0]?.succeed({}));
    runs.push(run('B'));
    await settleDown();
    tenant.run('flusher', () => void accounts.flush());
    await settleDown();
    runs.push(run('C'), run('D'));
    await tenant.run('saver', () => store.saves[0]?.succeed());
    await tenant.run('loader', () => store.loads[1]?.succeed({}));
    tenant.run('stopper', () => void accounts.stop());
    await settleDown();
    await store.saves[1]?.succeed();
    expect(await Promise.all(runs)).toEqual(Array(4).fill(fulfilled()));
    expect(seen).toEqual([
      'load: A',
      'run: A',
      'run: B',
      'save: A',
      'load: C',
      'run: C',
      'run: D',
      'save: C',
    ]);
  });

  test.each([
    ['at once', '{ minDuration: 0 }'],
    ['with a window', '{ minDuration: 2 }'],
    ['with little room', '{ minDuration: 0, maxOperations: 1, concurrency: 1 }'],
  ])('no store is kept when the runs have settled: %s', async (_, options) => {
    const { code, stdout, stderr } = await inChild(
      `
      import { AsyncLocalStorage } from 'node:async_hooks';
      const storage = new AsyncLocalStorage();
      const kept = new Map();
      const within = (name, body) => {
        const store = { name };
        kept.set(name, new WeakRef(store));
        return storage.run(store, body);
      };
      const pause = () => new Promise((resolve) => setTimeout(resolve, 5));
      const work = { loadResource: async () => (await pause(), {}), saveResource: pause };
      const accounts = within('the first processor', () => startProcessor({ ...work, ...${options} }));
      within('a subscriber', () => accounts.subscribeBatchMetrics(() => {})());
      await within('the first run', () => accounts.run('alice', () => {}));
      await Promise.all(
        ['A', 'B', 'C'].map((name) => within(name, () => accounts.run(name === 'C' ? 'alice' : name, () => {}))),
      );
      await within('a failure', () => accounts.run('alice', () => { throw 'refused' }).catch(() => {}));
      const controller = new AbortController();
      await within('a cancelled run', () => {
        const run = accounts.run('alice', () => {}, { signal: controller.signal });
        controller.abort();
        return run.catch(() => {});
      });
      await within('a flush', () => accounts.flush());
      await accounts.run('last', () => {});
      await accounts.flush();
      for (let turn = 0; turn < 20; turn++) {
        await new Promise((resolve) => setImmediate(resolve));
        gc();
      }
      print([...kept].filter(([, store]) => store.deref()).map(([name]) => name).join());
      print(accounts.pending);
    `,
      { flags: ['--expose-gc'] },
    );
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '\n0\n', stderr: '' });
  });
});
