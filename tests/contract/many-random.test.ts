import fc from 'fast-check';
import { type BatchContext, startProcessor } from 'groupcommit';
import { describe, expect, test } from 'vitest';
import { increment, settleDown, watch } from './support.js';

interface Record {
  count: number;
}

/** A store whose calls hang until the test ends them, and sees what must not be. */
function watchedStore(concurrency: number, maxKeys: number) {
  const stored = new Map<string, number>();
  const underWay: (() => void)[] = [];
  const busy = new Set<string>();
  const mistakes: string[] = [];
  function call<Batch extends BatchContext<string>, T>(batches: Batch[], work: () => T): Promise<T> {
    const keys = batches.map(({ key }) => key);
    if (underWay.length >= concurrency) mistakes.push(`${underWay.length + 1} calls`);
    if (keys.length > maxKeys) mistakes.push(`${keys.length} keys in a call`);
    for (const key of keys) {
      if (busy.has(key)) mistakes.push(`${key} is in two calls`);
      busy.add(key);
    }
    return new Promise((resolve) => {
      underWay.push(() => {
        for (const key of keys) busy.delete(key);
        resolve(work());
      });
    });
  }
  const accounts = startProcessor<Record>({
    minDuration: 0,
    concurrency,
    maxKeys,
    loadResources: (batches) =>
      call(batches, () => batches.map(({ key }) => ({ count: stored.get(key) ?? 0 }))),
    saveResources: (batches) =>
      call(batches, () => {
        for (const { key, resource } of batches) stored.set(key, resource.count);
      }),
  });
  return { accounts, stored, mistakes, underWay };
}

const key = fc.constantFrom(...'abcdefghijklmnop');
const step = fc.oneof(fc.array(key, { minLength: 1, maxLength: 8 }), fc.nat({ max: 2 }));

describe('In random histories', () => {
  test.each([
    [1, 3],
    [1, 4],
    [2, 2],
    [3, 3],
    [2, Number.POSITIVE_INFINITY],
    [Number.POSITIVE_INFINITY, 3],
    [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
  ])(
    'every run of a shared call settles, and is stored once (concurrency %d, maxKeys %d)',
    async (concurrency, maxKeys) => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 25 }), async (steps) => {
          const { accounts, stored, mistakes, underWay } = watchedStore(concurrency, maxKeys);
          const counts = new Map<string, number>();
          for (const each of steps) {
            if (typeof each === 'number') underWay.splice(each, 1)[0]?.();
            else {
              for (const key of each) {
                counts.set(key, (counts.get(key) ?? 0) + 1);
                watch(accounts.run(key, increment));
              }
            }
            await settleDown();
          }
          while (underWay.length > 0) {
            underWay.shift()?.();
            await settleDown();
          }
          expect(mistakes).toEqual([]);
          expect(accounts.pending).toBe(0);
          expect([...stored].sort()).toEqual([...counts].sort());
        }),
        { numRuns: 80 },
      );
    },
  );
});
