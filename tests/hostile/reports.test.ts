import { AsyncLocalStorage } from 'node:async_hooks';
import { Mutex } from 'async-mutex';
import { startProcessor } from 'groupcommit';
import { describe, expect, test } from 'vitest';
import { deferred, heldStore, settleDown, watch } from '../node/support.js';
import { allAtRest, atRest, fulfilled, noop, throwIt } from './support.js';
import { collectReports } from './values/reports.js';

// What users of similar libraries have reported, acted out here. The number is that of the issue or pull request there.
describe('Public bug reports of similar libraries', () => {
  test('graphql/dataloader 318: a batch function that throws synchronously was an uncaught exception', async () => {
    const reports = await collectReports(async () => {
      const accounts = startProcessor({ minDuration: 0, loadResource: () => throwIt(new Error('mock')) });
      expect(
        await allAtRest([accounts.run('a', noop), accounts.read('a', noop), accounts.run('b', noop)]),
      ).toMatchObject(Array(3).fill({ reason: { code: 'ERR_LOAD_FAILED', cause: { message: 'mock' } } }));
    });
    expect(reports).toEqual([]);
  });

  test('p-queue 168: aborting a task under way and one that waits, at the same time, blocked the queue for ever', async () => {
    const { loads, ...store } = heldStore<object>();
    const accounts = startProcessor<object>({ ...store, minDuration: 0, concurrency: 1 } as object);
    const controllers = [new AbortController(), new AbortController()];
    const runs = controllers.map(({ signal }, i) => watch(accounts.run(`key ${i}`, noop, { signal })));
    await settleDown();
    for (const controller of controllers) controller.abort();
    await settleDown();
    expect(runs.map((run) => run.outcome.state)).toEqual(['rejected', 'rejected']);
    const next = watch(accounts.read('next', () => 'next'));
    await loads[0]?.succeed({});
    expect(store.calls).toEqual(['load key 0', 'loaded key 0', 'load next']);
    await loads[1]?.succeed({});
    expect(next.outcome).toEqual(fulfilled('next'));
    expect(accounts.pending).toBe(0);
  });

  test('p-queue 241: a task whose signal had aborted already never settled while the queue was at capacity', async () => {
    const { loads, loadResource } = heldStore<object>();
    const accounts = startProcessor<object>({ loadResource, minDuration: 0, concurrency: 1 } as object);
    watch(accounts.run('alice', noop));
    await settleDown();
    const signal = AbortSignal.abort();
    const outcomes = await allAtRest(['alice', 'bob'].map((key) => accounts.run(key, noop, { signal })));
    expect(outcomes).toMatchObject(Array(2).fill({ reason: { code: 'ERR_OPERATION_CANCELLED' } }));
    expect(loads).toHaveLength(1);
  });

  test('p-queue 219: tasks that had been cancelled kept their turn, and delayed those after them', async () => {
    const { loads, ...store } = heldStore<object>();
    const accounts = startProcessor<object>({ ...store, minDuration: 0, concurrency: 1 } as object);
    const controller = new AbortController();
    watch(accounts.read('first', noop));
    for (let i = 0; i < 10; i++) watch(accounts.run(`key ${i}`, noop, { signal: controller.signal }));
    const last = watch(accounts.read('last', () => 'last'));
    await settleDown();
    controller.abort();
    await loads[0]?.succeed({});
    await loads[1]?.succeed({});
    expect(store.calls).toEqual(['load first', 'loaded first', 'load last', 'loaded last']);
    expect(last.outcome).toEqual(fulfilled('last'));
  });

  test('p-queue 237: waiting until it is idle never ended if nothing had ever been added', async () => {
    const accounts = startProcessor({});
    const ends = [accounts.flush(), accounts.flush('alice'), accounts.stop()];
    expect(await allAtRest(ends)).toEqual(Array(3).fill(fulfilled()));
  });

  test('p-queue 200: of a hundred requests with room for two, most saw the store of another', async () => {
    const storage = new AsyncLocalStorage<number>();
    const pause = () => new Promise<void>((resolve) => setImmediate(resolve));
    const seen: [string, number | undefined][] = [];
    const accounts = startProcessor<object>({
      minDuration: 0,
      concurrency: 2,
      loadResource: async (key: string) => (await pause(), seen.push([key, storage.getStore()]), {}),
      saveResource: async (key: string) => (await pause(), void seen.push([key, storage.getStore()])),
    } as object);
    const request = async (id: number) => {
      await accounts.run(`${id}`, () => seen.push([`${id}`, storage.getStore()]));
    };
    await Promise.all(Array.from({ length: 100 }, (_, id) => storage.run(id, () => request(id))));
    expect(seen).toHaveLength(300);
    expect(seen.filter(([key, id]) => key !== `${id}`)).toEqual([]);
  });

  test('async-mutex 27: with its other way to release, only two of four got the lock', async () => {
    const mutex = new Mutex();
    let holders = 0;
    const accounts = startProcessor<object>({
      minDuration: 0,
      lockResource: async () => {
        const release = await mutex.acquire();
        expect(++holders).toBe(1);
        return () => (holders--, release());
      },
      loadResource: async () => ({}),
      saveResource: async () => settleDown(),
    });
    const names = ['a', 'b', 'c', 'd', 'a'];
    expect(await Promise.all(names.map((name) => accounts.run(name, () => name)))).toEqual(names);
    expect([holders, mutex.isLocked()]).toEqual([0, false]);
  });

  test('idb-keyval 183: update with a bad key hung for ever', async () => {
    const accounts = startProcessor({ minDuration: 0 });
    const keys = [{}, [], null, undefined, Number.NaN, Symbol('key'), 1n, new Date()];
    const outcomes = await allAtRest(keys.map((key) => accounts.update(key as never, () => undefined)));
    expect(outcomes).toMatchObject(keys.map(() => ({ reason: expect.any(TypeError) })));
  });

  test('idb-keyval 163: a write that failed rejected with null, and nobody could tell what it was', async () => {
    const accounts = startProcessor({ minDuration: 0, saveResource: () => Promise.reject(null) });
    const { reason } = (await atRest(accounts.run('alice', noop))) as { reason: Error };
    expect(reason).toBeInstanceOf(Error);
    expect(reason).toMatchObject({
      code: 'ERR_SAVE_FAILED',
      message: expect.stringContaining('alice'),
      cause: null,
    });
  });

  test('lru-cache 319: the signal given to the fetch method aborted although nothing had gone wrong', async () => {
    const states: boolean[] = [];
    let events = 0;
    const look = async ({ signal }: { signal: AbortSignal }) => {
      signal.addEventListener('abort', () => events++);
      await settleDown();
      states.push(signal.aborted, events > 0);
    };
    const accounts = startProcessor<object>({
      minDuration: 0,
      loadResource: async (_key, batch) => (await look(batch), {}),
      saveResource: async (_key, _resource, batch) => look(batch),
    });
    await accounts.run('alice', noop);
    expect(states).toEqual([false, false, false, false]);
  });

  test('redux-persist 1098: flush ended before anything had been written, and with what the storage failed with', async () => {
    const gates = { good: deferred(), bad: deferred() };
    const accounts = startProcessor<object>({
      minDuration: 60_000,
      saveResource: (key) => gates[key as keyof typeof gates].promise,
    });
    const runs = ['bad', 'good'].map((key) => watch(accounts.run(key, noop)));
    await settleDown();
    const flushed = watch(accounts.flush());
    gates.bad.reject(new Error('disk'));
    await settleDown();
    expect([...runs, flushed].map((each) => each.outcome.state)).toEqual(['rejected', 'pending', 'pending']);
    gates.good.resolve();
    await settleDown();
    expect([...runs, flushed].map((each) => each.outcome.state)).toEqual([
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
  });

  test('axiom-js 419: a flush that had failed poisoned all that came after it, and dropped their events', async () => {
    let saves = 0;
    const accounts = startProcessor<number[]>({
      minDuration: 60_000,
      loadResource: () => [],
      saveResource: async () => (++saves === 1 ? Promise.reject(new Error('ingest')) : undefined),
    });
    const states: string[] = [];
    for (let event = 0; event < 3; event++) {
      const run = watch(accounts.run('events', (events) => events.push(event)));
      expect(await atRest(accounts.flush())).toEqual(fulfilled());
      states.push(run.outcome.state);
    }
    expect([states, saves]).toEqual([['rejected', 'fulfilled', 'fulfilled'], 3]);
  });

  test('TanStack Pacer 246: falsy items were lost, and keyv 121: undefined was not written', async () => {
    const falsy = [0, '', false, null, undefined, Number.NaN, 0n];
    const saved: unknown[] = [];
    const accounts = startProcessor<unknown, string | number>({
      minDuration: 0,
      saveResource: (_key, resource) => void saved.push(resource),
    });
    for (const key of [0, '']) {
      for (const value of falsy) {
        expect(await atRest(accounts.update(key, () => value))).toEqual(fulfilled(value));
        expect(await atRest(accounts.run(key, () => value))).toEqual(fulfilled(value));
      }
    }
    expect(saved).toHaveLength(4 * falsy.length);
    expect(saved.filter((_, index) => index % 2 === 0)).toEqual([...falsy, ...falsy]);
  });
});
