import { runInNewContext } from 'node:vm';
import { BatchError, startProcessor } from 'groupcommit';
import { describe, expect, test } from 'vitest';
import { outcomesOf, sharing } from './sharing.js';
import { increment, noop, settleDown, watch } from './support.js';

const keys = ['alice', 'bob', 'carol'];
const disk = new Error('disk');

const loadFailure = (key: string, cause: unknown) =>
  expect.objectContaining({ name: 'BatchError', code: 'ERR_LOAD_FAILED', phase: 'load', operationCount: 0, key, cause }); // biome-ignore format: one line

describe('loadResources returns, or resolves to, an array with the resource of each batch in its place', () => {
  test.each([
    ['returns', <T>(value: T) => value],
    ['resolves to', async <T>(value: T) => value],
    ['gives by a thenable', <T>(value: T) => ({ then: (resolve: (value: T) => void) => resolve(value) })],
  ])('%s', async (_, give) => {
    const accounts = startProcessor<string>({
      minDuration: 0,
      loadResources: (batches) => give(batches.map(({ key }) => `that of ${key}`)) as string[],
    });
    const runs = keys.map((key) => accounts.run(key, (resource) => resource));
    expect(await Promise.all(runs)).toEqual(['that of alice', 'that of bob', 'that of carol']);
  });

  test.each([undefined, null, 0])('%s, too, is a resource', async (resource) => {
    const { saves, runAll, load } = sharing<unknown>({ minDuration: 0 });
    const seen: unknown[] = [];
    await runAll(['alice', 'bob'], (each) => void seen.push(each));
    await load([resource, resource]);
    expect(seen).toEqual([resource, resource]);
    expect(saves[0]?.batches.map((batch) => batch.resource)).toEqual(seen);
  });
});

describe("an Error there is that batch's failure", () => {
  test.each([
    ['an Error', disk],
    ['one of a subclass', new (class Gone extends RangeError {})('gone')],
    ['a DOMException', new DOMException('gone', 'AbortError')],
    ["another realm's Error", runInNewContext('new TypeError("gone")')],
  ])('and of no other: %s', async (_, error) => {
    const { saves, runAll, load } = sharing<unknown>({ minDuration: 0 });
    const runs = await runAll(keys, noop);
    await load([{}, error, {}]);
    expect(saves.map((each) => each.keys)).toEqual([['alice', 'carol']]);
    await saves[0]?.succeed();
    expect(outcomesOf(runs)).toEqual([undefined, loadFailure('bob', error), undefined]);
  });

  test('of all, if each place holds one', async () => {
    const { saves, runAll, load } = sharing({ minDuration: 0 });
    const runs = await runAll(keys, increment);
    const errors = keys.map((key) => new Error(key));
    await load(errors);
    expect(outcomesOf(runs)).toEqual(keys.map((key, place) => loadFailure(key, errors[place])));
    expect(saves).toHaveLength(0);
  });

  test.each([
    ['an object with a message', { name: 'Error', message: 'disk', stack: '' }],
    ['a string', 'Error: disk'],
    ['a function', () => {}],
  ])('but %s is a resource', async (_, resource) => {
    const { saves, runAll, load } = sharing<unknown>({ minDuration: 0 });
    await runAll(['alice'], noop);
    await load([resource]);
    expect(saves[0]?.batches[0]?.resource).toBe(resource);
  });

  test('the next batch of the key loads again', async () => {
    const { loads, runAll, load } = sharing({ minDuration: 0 });
    await runAll(keys, increment);
    await load([disk, disk, { count: 0 }]);
    await runAll(keys, increment);
    expect(loads[1]?.keys).toEqual(['alice', 'bob']);
  });
});

describe('Anything but an array of that length is a TypeError, and all of the call fail', () => {
  test.each([
    ['nothing', undefined],
    ['null', null],
    ['an array that is too short', [{}, {}]],
    ['an array that is too long', [{}, {}, {}, {}]],
    ['an empty array', []],
    ['an object like an array', { 0: {}, 1: {}, 2: {}, length: 3 }],
    ['a Map', new Map(keys.map((key) => [key, {}]))],
    ['a string', 'abc'],
    ['a typed array', new Uint8Array(3)],
    ['an Error', disk],
    ['a function of that length', (_a: 1, _b: 2, _c: 3) => {}],
  ])('%s', async (_, result) => {
    for (const give of [(value: unknown) => value, async (value: unknown) => value]) {
      const accounts = startProcessor({ minDuration: 0, loadResources: () => give(result) as never });
      const runs = keys.map((key) => watch(accounts.run(key, noop)));
      await settleDown();
      expect(outcomesOf(runs)).toEqual(keys.map((key) => loadFailure(key, expect.any(TypeError))));
      const [first] = outcomesOf(runs) as [BatchError];
      expect((first.cause as Error).message).toMatch(/loadResources.*array of length 3/);
    }
  });
});

describe('A call that fails', () => {
  test.each([
    ['throws', () => { throw disk; }], // biome-ignore format: one line
    ['rejects', () => Promise.reject(disk)],
    ['has a then that throws', () => ({ then: () => { throw disk; } })], // biome-ignore format: one line
  ])('is the failure of all its batches, and each caller gets an error of its own: %s', async (_, call) => {
    const accounts = startProcessor({ minDuration: 0, loadResources: call as never });
    const runs = [...keys, ...keys].map((key) => watch(accounts.run(key, noop)));
    await settleDown();
    expect(outcomesOf(runs)).toEqual([...keys, ...keys].map((key) => loadFailure(key, disk)));
    expect(new Set(outcomesOf(runs)).size).toBe(6);
    for (const error of outcomesOf(runs)) expect(error).toBeInstanceOf(BatchError);
  });

  test.each([null, undefined, 'disk', 0])('also with what is no Error: %s', async (reason) => {
    const { loads, runAll } = sharing({ minDuration: 0 });
    const runs = await runAll(keys, increment);
    await loads[0]?.fail(reason);
    expect(outcomesOf(runs)).toEqual(keys.map((key) => loadFailure(key, reason)));
  });

  test('what comes meanwhile is untouched', async () => {
    const { loads, runAll } = sharing();
    await runAll(['alice', 'bob'], increment);
    const others = await runAll(['carol'], increment);
    await loads[0]?.fail(disk);
    expect(outcomesOf(others)).toEqual(['pending']);
    await loads[1]?.succeed([{ count: 0 }]);
    expect(outcomesOf(others)).toEqual(['pending']);
    await runAll(['alice'], increment);
    expect(loads.map((each) => each.keys)).toEqual([['alice', 'bob'], ['carol'], ['alice']]);
  });
});
