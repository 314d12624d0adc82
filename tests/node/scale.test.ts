import { startProcessor } from 'groupcommit';
import { describe, expect, test } from 'vitest';
import { inChild } from './support.js';

describe('Scale', () => {
  test('200,000 runs pending on one key settle, in order, with one load and one save', async () => {
    const count = 200_000;
    let loads = 0;
    let saved: unknown;
    const accounts = startProcessor<{ count: number }>({
      minDuration: 0,
      loadResource: async () => ({ count: 0 * ++loads }),
      saveResource: async (_key, counter) => void (saved = { ...counter }),
    });
    const runs: Promise<number>[] = [];
    for (let run = 0; run < count; run++) runs.push(accounts.run('alice', (counter) => ++counter.count));
    expect(accounts.pending).toBe(count);
    const results = await Promise.all(runs);
    expect(results.every((result, run) => result === run + 1)).toBe(true);
    expect(loads).toBe(1);
    expect(saved).toEqual({ count });
    expect(accounts.pending).toBe(0);
  }, 240_000);

  test('200,000 runs with one signal are cancelled by it', async () => {
    const accounts = startProcessor<object>({ minDuration: 0, loadResource: () => new Promise(() => {}) });
    const controller = new AbortController();
    let cancelled = 0;
    const runs: Promise<unknown>[] = [];
    for (let run = 0; run < 200_000; run++) {
      runs.push(
        accounts
          .run(run % 2 === 0 ? 'alice' : 'bob', () => {}, { signal: controller.signal })
          .catch((error) => {
            if (error.code === 'ERR_OPERATION_CANCELLED') cancelled++;
          }),
      );
    }
    controller.abort();
    await Promise.all(runs);
    expect(cancelled).toBe(200_000);
    expect(accounts.pending).toBe(0);
  }, 240_000);

  test.each([
    [Number.POSITIVE_INFINITY, [10_000]],
    [10_000, [5_000, 5_000]],
    [3_000, [...Array(6).fill(1_500), 1_000]],
  ])(
    'of 30,000 runs on one key, a third cancelled, each gets its own outcome, in batches of at most %d',
    async (maxOperations, changes) => {
      const batches: number[] = [];
      let count = 0;
      const accounts = startProcessor<{ count: number }>({
        minDuration: 0,
        maxOperations,
        loadResource: () => ({ count }),
        saveResource: (_key, counter) => {
          batches.push(counter.count - count);
          count = counter.count;
        },
      });
      const controller = new AbortController();
      const outcomes: unknown[] = [];
      const heard: number[] = [];
      for (let run = 0; run < 30_000; run++) {
        const options = run % 3 === 0 ? { signal: controller.signal } : {};
        accounts
          .run(
            'alice',
            (counter) => {
              if (run % 3 === 1) throw run;
              counter.count++;
              return -run;
            },
            options,
          )
          .catch((error) => (typeof error === 'number' ? error : error.code))
          .then((outcome) => {
            outcomes[run] = outcome;
            heard.push(run);
          });
      }
      controller.abort();
      await accounts.stop();
      expect(outcomes).toEqual(
        Array.from({ length: 30_000 }, (_, run) => ['ERR_OPERATION_CANCELLED', run, -run][run % 3]),
      );
      const ran = heard.filter((run) => run % 3 !== 0);
      expect(ran).toEqual([...ran].sort((a, b) => a - b));
      expect(count).toBe(10_000);
      // Every other operation that ran has thrown.
      expect(batches).toEqual(changes);
      expect(accounts.pending).toBe(0);
    },
    240_000,
  );

  test('100,000 keys settle behind one whose runs take turns', async () => {
    const accounts = startProcessor<object, number>({ minDuration: 0 });
    let settled = 0;
    for (let run = 0; run < 1_000; run++) accounts.run(-1, () => {}).then(() => settled++);
    for (let key = 0; key < 100_000; key++) accounts.run(key, () => {}).then(() => settled++);
    await accounts.flush();
    expect(settled).toBe(101_000);
    expect(accounts.pending).toBe(0);
  }, 240_000);

  test('50,000 keys at once', async () => {
    const table = new Map<number, number>();
    const counters = startProcessor<number, number>({
      minDuration: 1,
      loadResource: async (key) => table.get(key) ?? 0,
      saveResource: async (key, counter) => void table.set(key, counter),
    });
    const runs: Promise<number>[] = [];
    for (let run = 0; run < 100_000; run++)
      runs.push(counters.update(run % 50_000, (counter) => counter + 1));
    await counters.stop();
    expect((await Promise.all(runs)).reduce((sum, each) => sum + each)).toBe(150_000);
    expect(table.size).toBe(50_000);
    expect([...table.values()].every((counter) => counter === 2)).toBe(true);
  }, 240_000);

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
