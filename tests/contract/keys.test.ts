import { type BatchError, startProcessor } from 'groupcommit';
import { describe, expect, test } from 'vitest';
import { heldStore, rejectionOf, settleDown, watch } from './support.js';

describe('Keys', () => {
  test.each([
    ['the empty string', ''],
    ['__proto__', '__proto__'],
    ['constructor', 'constructor'],
    ['a lone high surrogate', '\ud800'],
    ['a lone low surrogate', '\udc00'],
    ['a string with a NUL', 'a\0b'],
    ['an emoji', '👩‍🚀'],
    ['a very long string', 'x'.repeat(1_000_000)],
    ['0', 0],
    ['-1', -1],
    ['0.1', 0.1],
    ['2 ** 53', 2 ** 53],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['-Infinity', Number.NEGATIVE_INFINITY],
  ])('%s is a fine key and comes through unchanged', async (_, key) => {
    const seen: (string | number)[] = [];
    const accounts = startProcessor<number, string | number>({
      minDuration: 0,
      loadResource: (each) => seen.push(each),
      saveResource: (each) => {
        seen.push(each);
        throw new Error('disk');
      },
    });
    accounts.subscribeBatchMetrics((metric) => seen.push(metric.resourceKey));
    const error = (await rejectionOf(accounts.run(key, () => {}))) as BatchError;
    expect(seen.length).toBe(3);
    for (const each of [...seen, error.key]) expect(each === key).toBe(true);
  });

  test('two different lone surrogates are different keys', async () => {
    const { loads, ...store } = heldStore<number>();
    const accounts = startProcessor<number>(store);
    watch(accounts.run('\ud800', () => {}));
    watch(accounts.run('\ud801', () => {}));
    watch(accounts.run('\ufffd', () => {}));
    await settleDown();
    expect(loads.map((load) => load.key)).toEqual(['\ud800', '\ud801', '\ufffd']);
  });

  test("1 and '1' are different keys", async () => {
    const { loads, ...store } = heldStore<number, string | number>();
    const accounts = startProcessor<number, string | number>(store);
    watch(accounts.run(1, () => {}));
    watch(accounts.run('1', () => {}));
    watch(accounts.run(1, () => {}));
    await settleDown();
    expect(loads.map((load) => load.key)).toEqual([1, '1']);
  });

  test('0 and -0 are one', async () => {
    const { loads, ...store } = heldStore<number, number>();
    const accounts = startProcessor<number, number>(store);
    watch(accounts.run(0, () => {}));
    watch(accounts.run(-0, () => {}));
    await settleDown();
    expect(loads).toHaveLength(1);
    const flushed = watch(accounts.flush(-0));
    await loads[0]?.fail(new Error('disk'));
    expect(flushed.outcome.state).toBe('fulfilled');
    expect(accounts.pending).toBe(0);
  });

  test('0 and -0 are one, which the callbacks see as 0', async () => {
    const { loads, ...store } = heldStore<number, number>();
    const accounts = startProcessor<number, number>(store);
    watch(accounts.run(-0, () => {}));
    await settleDown();
    expect(loads[0]?.key).toBe(0);
    expect(loads[0]?.batch.key).toBe(0);
  });
});
