import { startProcessor } from 'groupcommit';
import { describe, expect, test } from 'vitest';
import { type Counter, heldStore, increment, minute, noop, settleDown, watch } from './support.js';

describe('A batch in which no operation succeeded (all were cancelled, threw, or only read) saves nothing', () => {
  async function savesOf(
    make: (accounts: ReturnType<typeof startProcessor<Counter>>) => void,
  ): Promise<number> {
    const { loads, saves, ...store } = heldStore<Counter>();
    const accounts = startProcessor<Counter>({ ...store, minDuration: minute });
    make(accounts);
    await settleDown();
    await loads[0]?.succeed({ count: 0 });
    watch(accounts.flush());
    await settleDown();
    await saves[0]?.succeed();
    expect(accounts.pending).toBe(0);
    return saves.length;
  }
  const cancel = (accounts: ReturnType<typeof startProcessor<Counter>>) => {
    const controller = new AbortController();
    watch(accounts.run('alice', increment, { signal: controller.signal }));
    controller.abort();
  };
  const fail = (accounts: ReturnType<typeof startProcessor<Counter>>) =>
    watch(
      accounts.run('alice', () => {
        throw new Error('refused');
      }),
    );
  const failUpdate = (accounts: ReturnType<typeof startProcessor<Counter>>) =>
    watch(
      accounts.update('alice', () => {
        throw new Error('refused');
      }),
    );
  const read = (accounts: ReturnType<typeof startProcessor<Counter>>) => watch(accounts.read('alice', noop));
  const promise = (accounts: ReturnType<typeof startProcessor<Counter>>) =>
    watch(accounts.run('alice', (async () => {}) as never));

  test('all were cancelled', async () => expect(await savesOf(cancel)).toBe(0));
  test('all threw', async () =>
    expect(await savesOf((accounts) => [fail(accounts), failUpdate(accounts)])).toBe(0));
  test('all only read', async () =>
    expect(await savesOf((accounts) => [read(accounts), read(accounts)])).toBe(0));
  test('all returned a promise', async () => expect(await savesOf(promise)).toBe(0));
  test('some of each', async () =>
    expect(
      await savesOf((accounts) => [cancel(accounts), fail(accounts), read(accounts), promise(accounts)]),
    ).toBe(0));
  test('but one that succeeded is enough: run', async () =>
    expect(
      await savesOf((accounts) => [
        fail(accounts),
        read(accounts),
        watch(accounts.run('alice', noop)),
        cancel(accounts),
        fail(accounts),
      ]),
    ).toBe(1));
  test('but one that succeeded is enough: update, even to the same resource', async () =>
    expect(
      await savesOf((accounts) => [
        watch(accounts.update('alice', (counter) => counter)),
        read(accounts),
        fail(accounts),
      ]),
    ).toBe(1));
});
