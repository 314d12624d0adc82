import { startProcessor } from 'groupcommit';
import { describe, expect, test } from 'vitest';

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
    [10_000, [3_333, 3_333, 3_334]],
    [3_000, Array(10).fill(1_000)],
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
});
