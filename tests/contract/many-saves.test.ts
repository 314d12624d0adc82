import { runInNewContext } from 'node:vm';
import { startProcessor } from 'groupcommit';
import { describe, expect, test } from 'vitest';
import { counters, outcomesOf, sharing } from './sharing.js';
import { increment, settleDown, watch } from './support.js';

const keys = ['alice', 'bob', 'carol'];
const disk = new Error('disk');

const saveFailure = (key: string, cause: unknown) =>
  expect.objectContaining({ name: 'BatchError', code: 'ERR_SAVE_FAILED', phase: 'save', operationCount: 1, key, cause }); // biome-ignore format: one line

/** Three batches of which `saveResources` is called, and the outcomes when that has given the result. */
async function saved(result: unknown): Promise<unknown[]> {
  const { saves, runAll, load } = sharing({ minDuration: 0 });
  const runs = await runAll(keys, increment);
  await load();
  await saves[0]?.succeed(result);
  return outcomesOf(runs);
}

describe('saveResources returns, or resolves to, nothing, or such an array', () => {
  test('nothing: all are saved', async () => {
    expect(await saved(undefined)).toEqual([1, 1, 1]);
  });

  test("an Error in a batch's place is its failure", async () => {
    expect(await saved([undefined, disk, undefined])).toEqual([1, saveFailure('bob', disk), 1]);
  });

  test("another realm's Error is one", async () => {
    const error = runInNewContext('new RangeError("disk")');
    expect(await saved([error, undefined, undefined])).toEqual([saveFailure('alice', error), 1, 1]);
  });

  test('anything else means that it is saved', async () => {
    expect(await saved([null, 'Error', { error: disk }])).toEqual([1, 1, 1]);
    expect(await saved([false, Promise.resolve(disk), 0])).toEqual([1, 1, 1]);
    // biome-ignore lint/suspicious/noSparseArray: a hole is nothing
    expect(await saved([, disk, ,])).toEqual([1, saveFailure('bob', disk), 1]);
  });

  test.each([
    ['null', null],
    ['true', true],
    ['a number', 3],
    ['a string of that length', 'abc'],
    ['an array that is too short', [undefined, undefined]],
    ['an array that is too long', [undefined, undefined, undefined, undefined]],
    ['an empty array', []],
    ['an object like an array', { length: 3 }],
    ['an Error', disk],
  ])('%s is neither: a TypeError, and all of the call fail', async (_, result) => {
    const outcomes = await saved(result);
    expect(outcomes).toEqual(keys.map((key) => saveFailure(key, expect.any(TypeError))));
    expect(((outcomes[0] as Error).cause as Error).message).toMatch(/saveResources.*array of length 3/);
  });

  test.each([
    ['nothing', undefined, [1, 1, 1]],
    ['an array', [undefined, disk, undefined], [1, saveFailure('bob', disk), 1]],
  ])('synchronously, too: %s', async (_, result, outcomes) => {
    const accounts = startProcessor<{ count: number }>({
      minDuration: 0,
      loadResources: (batches) => counters(batches.length),
      saveResources: () => result,
    });
    const runs = keys.map((key) => watch(accounts.run(key, increment)));
    await settleDown();
    expect(outcomesOf(runs)).toEqual(outcomes);
  });
});

describe('If it throws, or its promise rejects, all of the call fail', () => {
  test.each([
    ['throws', () => { throw disk; }], // biome-ignore format: one line
    ['rejects', () => Promise.reject(disk)],
    ['calls back twice', () => ({ then: (done: () => void, fail: (reason: unknown) => void) => (fail(disk), done()) })], // biome-ignore format: one line
  ])('%s', async (_, saveResources) => {
    const accounts = startProcessor<{ count: number }>({
      minDuration: 0,
      loadResources: (batches) => counters(batches.length),
      saveResources: saveResources as never,
    });
    const runs = keys.map((key) => watch(accounts.run(key, increment)));
    await settleDown();
    expect(outcomesOf(runs)).toEqual(keys.map((key) => saveFailure(key, disk)));
  });

  test('Each caller still gets a BatchError of its own key', async () => {
    const { accounts, saves, runAll, load } = sharing();
    const runs = await runAll(keys, increment);
    await load();
    runs.push(...(await runAll(['bob'], increment)));
    watch(accounts.flush());
    await settleDown();
    await saves[0]?.fail(disk);
    const errors = outcomesOf(runs) as Error[];
    expect(errors.map((error) => (error as unknown as { key: string }).key)).toEqual([...keys, 'bob']);
    expect(errors.map((error) => (error as unknown as { operationCount: number }).operationCount)).toEqual([1, 2, 1, 2]); // biome-ignore format: one line
    expect(new Set(errors).size).toBe(4);
    expect(errors.every(({ cause }) => cause === disk)).toBe(true);
  });

  test('what came meanwhile forms the next batches, untouched', async () => {
    const { loads, saves, runAll, load } = sharing({ minDuration: 0 });
    await runAll(keys, increment);
    await load();
    const next = await runAll(keys, increment);
    expect(loads).toHaveLength(1);
    await saves[0]?.fail(disk);
    expect(loads[1]?.keys).toEqual(keys);
    await load();
    await saves[1]?.succeed();
    expect(outcomesOf(next)).toEqual([1, 1, 1]);
  });
});
