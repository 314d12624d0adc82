import { startProcessor } from 'groupcommit';
import { describe, expect, test } from 'vitest';
import { type Counter, noop, open, rejectionOf, settleDown, watch } from './support.js';

describe('update', () => {
  test('For values that cannot be changed in place (strings, numbers, immutable objects) there is update(key, (r) => newResource)', async () => {
    const saved: unknown[] = [];
    const counters = startProcessor<number>({
      minDuration: 0,
      loadResource: () => 5,
      saveResource: (_key, counter) => saved.push(counter),
    });
    const update = counters.update('visits', (counter) => counter + 1);
    const again = counters.update('visits', (counter) => counter * 10);
    const read = counters.read('visits', (counter) => counter);
    const run = counters.run('visits', (counter) => counter);
    expect(await Promise.all([update, again, read, run])).toEqual([6, 60, 60, 60]);
    expect(saved).toEqual([60]);
  });

  test('with the very value', async () => {
    const { accounts, load, save, saves } = open();
    const next = Object.freeze({ count: 2 });
    const update = accounts.update('alice', () => next);
    await load();
    await save();
    expect(saves[0]?.resource).toBe(next);
    expect(await update).toBe(next);
  });

  test('resolves after the save succeeded', async () => {
    const { accounts, load, saves } = open();
    const update = watch(accounts.update('alice', () => ({ count: 2 })));
    await load();
    watch(accounts.flush());
    await settleDown();
    expect(update.outcome.state).toBe('pending');
    await saves[0]?.fail(new Error('disk'));
    expect(update.outcome).toMatchObject({ state: 'rejected', reason: { code: 'ERR_SAVE_FAILED' } });
  });

  test('to undefined hands undefined to saveResource', async () => {
    const saved: unknown[][] = [];
    const accounts = startProcessor<Counter | undefined>({
      minDuration: 0,
      loadResource: () => ({ count: 1 }),
      saveResource: (key, counter) => saved.push([key, counter]),
    });
    expect(await accounts.update('alice', () => undefined)).toBeUndefined();
    expect(saved).toEqual([['alice', undefined]]);
  });

  test('that throws leaves the resource', async () => {
    const { accounts, load, save, saves } = open();
    const resource = { count: 1 };
    const error = new Error('refused');
    watch(accounts.run('alice', noop));
    const update = rejectionOf(
      accounts.update('alice', () => {
        throw error;
      }),
    );
    await load(resource);
    await save();
    expect(await update).toBe(error);
    expect(saves[0]?.resource).toBe(resource);
  });

  test('that returns a promise leaves the resource', async () => {
    const { accounts, load, save, saves } = open();
    const resource = { count: 1 };
    watch(accounts.run('alice', noop));
    watch(accounts.update('alice', (async () => ({ count: 2 })) as never));
    await load(resource);
    await save();
    expect(saves[0]?.resource).toBe(resource);
  });
});
