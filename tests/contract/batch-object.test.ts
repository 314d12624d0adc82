import { startProcessor } from 'groupcommit';
import { describe, expect, test } from 'vitest';
import { type Batch, type Counter, noop, open, rejectionOf, settleDown, watch } from './support.js';

describe('The functions', () => {
  test('lockResource, loadResource and saveResource of one batch receive the same object, the batch: { key, signal }', async () => {
    const locked: Batch[] = [];
    const { accounts, loads, saves } = open({
      minDuration: 0,
      lockResource: (_key: string, batch: Batch) => void locked.push(batch),
    });
    watch(accounts.run('alice', noop));
    watch(accounts.run('bob', noop));
    await settleDown();
    await loads[0]?.succeed({ count: 0 });
    const batch = loads[0]?.batch as Batch;
    expect(Object.keys({ key: batch.key, signal: batch.signal })).toEqual(['key', 'signal']);
    expect(batch.key).toBe('alice');
    expect(batch.signal).toBeInstanceOf(AbortSignal);
    expect(locked[0]).toBe(batch);
    expect(saves[0]?.batch).toBe(batch);
    expect(batch.signal).toBe(batch.signal);
    expect(loads[1]?.batch.key).toBe('bob');
    expect(loads[1]?.batch).not.toBe(batch);
    expect(loads[1]?.batch.signal).not.toBe(batch.signal);
    watch(accounts.run('alice', noop));
    await saves[0]?.succeed();
    expect(loads[2]?.batch.key).toBe('alice');
    expect(loads[2]?.batch).not.toBe(batch);
    expect(loads[2]?.batch.signal.aborted).toBe(false);
  });

  test('the key of the batch is the very key', async () => {
    const seen: unknown[] = [];
    const accounts = startProcessor<unknown, string | number>({
      minDuration: 0,
      loadResource: (_key, batch) => void seen.push(batch.key),
    });
    for (const key of [1, '1', '', '\ud800', 0.5]) await accounts.run(key, noop);
    expect(seen).toEqual([1, '1', '', '\ud800', 0.5]);
  });

  test('What a store has to remember of a batch (a version, an ETag) it keeps in a WeakMap by that object', async () => {
    const table = new Map<string, { count: number; version: number }>();
    const versions = new WeakMap<object, number>();
    const accounts = startProcessor<Counter>({
      minDuration: 0,
      loadResource: async (key, batch) => {
        const { count, version } = table.get(key) ?? { count: 0, version: 0 };
        versions.set(batch, version);
        return { count };
      },
      saveResource: async (key, { count }, batch) => {
        const version = versions.get(batch) as number;
        expect(table.get(key)?.version ?? 0).toBe(version);
        table.set(key, { count, version: version + 1 });
      },
    });
    for (let batch = 0; batch < 3; batch++) {
      await Promise.all(['alice', 'bob'].map((key) => accounts.run(key, (counter) => ++counter.count)));
    }
    expect(table.get('bob')).toEqual({ count: 3, version: 3 });
  });

  describe('The functions may return a plain value instead of a promise, and may throw synchronously', () => {
    test('a plain value', async () => {
      const saved: unknown[] = [];
      const accounts = startProcessor<Counter>({
        minDuration: 0,
        lockResource: () => () => void saved.push('released'),
        loadResource: () => ({ count: 4 }),
        saveResource: (_key, counter) => saved.push(counter),
      });
      expect(await accounts.run('alice', (counter) => ++counter.count)).toBe(5);
      expect(saved).toEqual([{ count: 5 }, 'released']);
    });

    test.each(['lock', 'load', 'save'])('an error: %sResource', async (phase) => {
      const cause = new Error(phase);
      const accounts = startProcessor<Counter>({
        minDuration: 0,
        loadResource: () => ({ count: 0 }),
        [`${phase}Resource`]: () => {
          throw cause;
        },
      });
      const code = `ERR_${phase.toUpperCase()}_FAILED`;
      for (let batch = 0; batch < 2; batch++)
        expect(await rejectionOf(accounts.run('alice', noop))).toMatchObject({ code, cause });
    });
  });
});
