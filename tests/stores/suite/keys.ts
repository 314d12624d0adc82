import { describe, expect, test } from 'vitest';
import type { Harness } from '../harness.js';
import { placeOf } from './place.js';

/** Each is another one. */
const distinct: (string | number)[] = [
  '', ' ', '  ', '0', 0, '-0', 1, '1', 1.5, '1.5', -1, 1e21, 1e-7, Infinity, 'Infinity', -Infinity, 2 ** 53, 2 ** 53 - 1,
  'a', 'A', 'á', 'a\u0301', 'a\0', 'a\0b', '\0', '\u0001', '\ufffd', '\ud800', '\udc00', '\ud800a', '\u{10000}', '\uffff',
  '#', '#1', '##1', '"', '"a"', "'", "';--", '\\', '\\u0000', '#"a"', '%', '_', '?', '$1', ':a', '*', '{a}', '{b}', '\n', '\r\n', '\t',
  '__proto__', 'constructor', 'toString', 'null', 'undefined', 'NaN', 'true', '[]', '!', '!a!b', '漢字', '👨‍👩‍👧',
  'k'.repeat(500), 'k'.repeat(501),
]; // biome-ignore format: a list

export function keys(harness: Harness): void {
  describe('keys', () => {
    const { start } = placeOf(harness);

    test('are each its own, in one call', async () => {
      const { processor } = await start();
      await Promise.all(distinct.map((key, i) => processor.update(key, () => i)));
      const { processor: other } = await start();
      const found = await Promise.all(distinct.map((key) => other.read(key, (resource) => resource)));
      expect(found).toEqual(distinct.map((_, i) => i));
    });

    test('are each its own, alone', { timeout: 60_000 }, async () => {
      const { processor } = await start();
      for (const [i, key] of distinct.entries()) await processor.update(key, () => -i - 1);
      for (const [i, key] of distinct.entries()) {
        expect(await processor.read(key, (resource) => [key, resource])).toEqual([key, -i - 1]);
      }
    });

    test('are each deleted alone', async () => {
      const { processor } = await start();
      await Promise.all(distinct.map((key, i) => processor.update(key, () => i)));
      await Promise.all(distinct.map((key, i) => processor.update(key, (now) => (i % 2 ? undefined : now))));
      const found = await Promise.all(distinct.map((key) => processor.read(key, (resource) => resource)));
      expect(found).toEqual(distinct.map((_, i) => (i % 2 ? undefined : i)));
    });

    test('0 and -0 are one', async () => {
      const { processor } = await start();
      await processor.update(-0, () => 'minus');
      expect(await processor.read(0, (resource) => resource)).toBe('minus');
    });

    test('that are plain strings are what the record is found by', async () => {
      const { processor, get } = await start();
      for (const key of ['alice', 'alice@example.com', 'user/1 é']) {
        await processor.update(key, () => key);
        expect(await get(key)).toBe(key);
      }
    });
  });
}
