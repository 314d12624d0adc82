import { startProcessor } from 'groupcommit';
import { describe, expect, test } from 'vitest';
import { noop } from './support.js';

describe('The options of shared calls', () => {
  test.each([
    ['loadResource', 'loadResources'],
    ['saveResource', 'saveResources'],
  ])('the form for one key and the form for many of the same callback: %s and %s', (one, many) => {
    for (const options of [
      { [one]: noop, [many]: noop },
      { maxKeys: 1, [many]: noop, [one]: noop },
    ]) {
      expect(() => startProcessor(options)).toThrow(TypeError);
      expect(() => startProcessor(options)).toThrow(new RegExp(`${one}\\b.*${many}|${many}.*${one}\\b`));
    }
    expect(() => startProcessor({ [one]: noop, [many]: undefined })).not.toThrow();
    expect(() => startProcessor({ [one]: undefined, [many]: noop })).not.toThrow();
  });

  test.each(['loadResources', 'saveResources'])('%s that is no function is a TypeError', (name) => {
    for (const callback of [null, 'get', {}, [], 0, Promise.resolve(noop)]) {
      expect(() => startProcessor({ [name]: callback } as object)).toThrow(TypeError);
      expect(() => startProcessor({ [name]: callback } as object)).toThrow(name);
    }
  });

  test.each([0, -1, 0.5, 1.5, Number.NaN, Number.NEGATIVE_INFINITY])(
    'maxKeys below 1 or not whole: %d',
    (maxKeys) => {
      expect(() => startProcessor({ maxKeys })).toThrow(RangeError);
      expect(() => startProcessor({ maxKeys })).toThrow('maxKeys');
    },
  );

  test.each([null, '5', {}, true])('maxKeys that is no number is a TypeError: %s', (maxKeys) => {
    expect(() => startProcessor({ maxKeys } as object)).toThrow(TypeError);
    expect(() => startProcessor({ maxKeys } as object)).toThrow('maxKeys');
  });

  test.each([1, 2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY, undefined])(
    'the most batches that one such call gets: %s',
    async (maxKeys) => {
      const sizes: number[] = [];
      const accounts = startProcessor<number>({
        minDuration: 0,
        maxKeys,
        loadResources: (batches) => (sizes.push(batches.length), batches.map(() => 1)),
      });
      const keys = Array.from({ length: 300 }, (_, each) => `key ${each}`);
      await Promise.all(keys.map((key) => accounts.run(key, noop)));
      expect(sizes).toEqual(maxKeys === 1 ? keys.map(() => 1) : [300]);
    },
  );
});
