import { describe, expect, test } from 'vitest';
import type { Harness } from '../harness.js';
import { placeOf, rejection } from './place.js';

class Account {
  balance = 1;
}
const cycle: { self?: unknown } = {};
cycle.self = { cycle };
let deep: unknown = 'bottom';
for (let level = 0; level < 200; level++) deep = [deep];

/** What comes back as it was. */
const kept: Record<string, unknown> = {
  null: null,
  'an empty string': '',
  zero: 0,
  false: false,
  true: true,
  'numbers at their limits': [Number.MAX_VALUE, Number.MIN_VALUE, 2 ** 53 - 1, -(2 ** 53 - 1), 0.1, 1e21],
  'a text that looks like JSON': '{"a": [1]}',
  'a text of all kinds of signs': '\u0001\t\n\r"\\\'`$1?:%_\u2028\u{1f600}é漢',
  'an empty object': {},
  'an empty array': [],
  'nested ones': { a: [{ b: null, c: ['', 0, false] }], '': { '': {} }, 'a.b': 1 },
  'a property __proto__': JSON.parse('{ "__proto__": { "a": 1 }, "constructor": 2 }'),
  'an object without a prototype': Object.assign(Object.create(null), { a: 1 }),
  '200 levels': deep,
  'a megabyte': { text: 'é'.repeat(2 ** 19), numbers: Array.from({ length: 1_000 }, (_, i) => i) },
};

/** What not every database can hold: it comes back as it was, or is refused. */
const odd: Record<string, unknown> = {
  'a NUL': ['a\0b'],
  'half a surrogate pair': ['\ud83d'],
  'a name with a NUL': { '\0': 1 },
};

/** What JSON makes another value of, or nothing, and how the error names it. */
const refused: Record<string, [value: unknown, named: string]> = {
  'undefined in an object': [{ a: { b: undefined } }, '.a.b is undefined'],
  'undefined in an array': [[0, undefined], '.1 is undefined'],
  'a function': [{ a: [() => {}] }, '.a.0 is function'],
  'a symbol': [{ a: Symbol('s') }, '.a is symbol'],
  'a BigInt': [{ a: 1n }, 'BigInt'],
  NaN: [{ a: NaN }, '.a is NaN'],
  Infinity: [[-Infinity], '.0 is -Infinity'],
  'a Date': [{ a: new Date(0) }, 'it.a is a Date'],
  'a Map': [{ a: new Map() }, 'it.a is a Map'],
  'a Uint8Array': [new Uint8Array(1), 'it is a Uint8Array'],
  'an Error': [new RangeError('e'), 'it is a RangeError'],
  'an instance of a class': [{ a: new Account() }, 'it.a is a Account'],
  toJSON: [{ a: { toJSON: () => 1 } }, '.a.toJSON is function'],
  'what is inside of itself': [cycle, 'circular structure'],
};

export function values(harness: Harness): void {
  describe('values', () => {
    const { start } = placeOf(harness);
    const there = async (key: string) => {
      const { processor } = await start({ initial: () => 'nothing' });
      return processor.read(key, (resource) => resource);
    };

    test.for(Object.entries(kept))('%s', { timeout: 60_000 }, async ([key, value]) => {
      const { processor } = await start();
      await processor.update(key, () => value);
      expect(await there(key)).toEqual(value);
    });

    test.for(Object.entries(odd))('%s: kept as it is, or refused', async ([key, value]) => {
      const { processor } = await start();
      const [outcome, neighbour] = await Promise.allSettled([
        processor.update(key, () => value as string),
        processor.update(`beside ${key}`, () => 1),
      ]);
      expect(neighbour.status).toBe('fulfilled');
      expect(await there(key)).toEqual(outcome.status === 'fulfilled' ? value : 'nothing');
    });

    test.for(Object.entries(refused))('%s is refused by name, and alone', async ([key, [value, named]]) => {
      const { processor } = await start();
      await processor.update(key, () => 'before');
      const saves = [key, 'neighbour'].map((each) =>
        processor.update(each, () => (each === key ? value : key) as string),
      );
      await Promise.allSettled(saves);
      const error = await rejection(saves[0] as Promise<unknown>);
      expect(error).toMatchObject({ code: 'ERR_SAVE_FAILED', cause: { name: 'TypeError' } });
      expect(error.message).toContain(`'${key}'`);
      expect(error.message).toContain(named);
      expect(await there(key)).toBe('before');
      expect(await there('neighbour')).toBe(key);
    });
  });
}
