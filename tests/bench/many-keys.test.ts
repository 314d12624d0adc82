import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
// @ts-expect-error: it has no declarations
import { startProcessor } from '../../bench/hand-written/many-keys.mjs';

interface Batch {
  key: string;
  resource: number[];
}

/** Like a database: takes a while, hands out copies, and fails now and then, for all of a call or for some keys. */
class Store {
  readonly records = new Map<string, number[]>();
  readonly loads: string[][] = [];
  readonly saves: string[][] = [];
  readonly #underWay = new Set<string>();
  readonly #nextChance: () => number;

  constructor(nextChance: () => number) {
    this.#nextChance = nextChance;
  }

  loadResources = (batches: Batch[]) => {
    this.loads.push(batches.map(({ key }) => key));
    return this.#call(batches, ({ key }) => [...(this.records.get(key) ?? [])]);
  };

  saveResources = (batches: Batch[]) => {
    this.saves.push(batches.map(({ key }) => key));
    return this.#call(batches, ({ key, resource }) => void this.records.set(key, [...resource]));
  };

  async #call(batches: Batch[], work: (batch: Batch) => unknown) {
    for (const { key } of batches) {
      if (this.#underWay.has(key)) throw new Error(`${key} is in two calls at once`);
      this.#underWay.add(key);
    }
    const chance = this.#nextChance();
    await sleep(chance % 3);
    for (const { key } of batches) this.#underWay.delete(key);
    if (chance < 10) throw new Error('The store is down');
    return batches.map((batch) => (this.#nextChance() < 10 ? new Error(`No ${batch.key}`) : work(batch)));
  }
}

describe('The hand-written code for many keys', () => {
  test('loads all keys of a turn with one call, and saves them with one', async () => {
    const store = new Store(() => 99);
    const processor = startProcessor({ minDuration: 0, ...store });
    const keys = Array.from({ length: 1_000 }, (_, index) => `key ${index}`);
    const results = await Promise.all(
      keys.map((key, index) => processor.run(key, (list: number[]) => list.push(index))),
    );
    expect(results).toEqual(keys.map(() => 1));
    expect(store.loads).toEqual([keys]);
    expect(store.saves).toEqual([keys]);
    expect([...store.records]).toEqual(keys.map((key, index) => [key, [index]]));
  });

  test.each([0, 5])(
    'loses nothing, whatever fails: what was acknowledged is stored once and in order, and nothing else (window %d)',
    async (minDuration) => {
      const burst = fc.array(
        fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd'), throws: fc.integer({ min: 0, max: 9 }) }),
        {
          minLength: 1,
          maxLength: 8,
        },
      );
      await fc.assert(
        fc.asyncProperty(
          fc.array(burst, { minLength: 1, maxLength: 6 }),
          fc.infiniteStream(fc.nat({ max: 99 })),
          async (bursts, chances) => {
            const store = new Store(() => chances.next().value);
            const processor = startProcessor({ minDuration, ...store });
            const resources: unknown[] = [];
            const acknowledged = new Map<string, number[]>();
            const runs: Promise<unknown>[] = [];
            let number = 0;
            const run = async (key: string, throws: boolean) => {
              const own = number++;
              const work = (list: number[]) => {
                resources.push(list);
                if (throws) throw new Error('Not valid');
                list.push(own);
                return own;
              };
              try {
                expect(await processor.run(key, work)).toBe(own);
                acknowledged.set(key, [...(acknowledged.get(key) ?? []), own]);
              } catch (error) {
                expect((error as Error).message).toMatch(
                  throws ? /^(Not valid|Could not load|Could not save)/ : /^Could not (load|save)/,
                );
              }
            };
            for (const burst of bursts) {
              for (const { key, throws } of burst) runs.push(run(key, throws === 0));
              await sleep(1);
            }
            await Promise.all(runs);
            expect(resources).not.toContain(undefined);
            expect(Object.fromEntries(store.records)).toEqual(Object.fromEntries(acknowledged));
            await processor.stop();
          },
        ),
        { numRuns: 100 },
      );
    },
  );

  test('a stop settles what is open and what waits behind a save', async () => {
    const store = new Store(() => 99);
    const processor = startProcessor({ minDuration: 60_000, ...store });
    const push = (list: number[]) => list.push(1);
    const first = processor.run('a', push);
    await sleep(5);
    const flushed = processor.flush();
    while (store.saves.length === 0) await null;
    const second = processor.run('a', push);
    await processor.stop();
    await flushed;
    expect(await Promise.all([first, second])).toEqual([1, 2]);
    await expect(processor.run('a', push)).rejects.toThrow('stopped');
  });
});
