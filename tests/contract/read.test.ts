import { describe, expect, test } from 'vitest';
import { noop, open, settleDown, watch } from './support.js';

describe('read', () => {
  test('takes its turn like run, after the changes before it', async () => {
    const { accounts, load, save } = open();
    watch(accounts.run('alice', (counter) => ++counter.count));
    const read = accounts.read('alice', (counter) => counter.count);
    watch(accounts.run('alice', (counter) => ++counter.count));
    await load();
    await save();
    expect(await read).toBe(1);
  });

  test('resolves when the batch has ended: it never shows what was not saved', async () => {
    const { accounts, load, saves } = open();
    watch(accounts.run('alice', (counter) => ++counter.count));
    const read = watch(accounts.read('alice', (counter) => counter.count));
    await load();
    watch(accounts.flush());
    await settleDown();
    expect(read.outcome.state).toBe('pending');
    await saves[0]?.fail(new Error('disk'));
    expect(read.outcome).toMatchObject({ state: 'rejected', reason: { code: 'ERR_SAVE_FAILED' } });
  });

  test('does not cause a save by itself', async () => {
    const { accounts, load, save, saves } = open();
    const read = accounts.read('alice', (counter) => counter.count);
    await load({ count: 7 });
    await save();
    expect(await read).toBe(7);
    expect(saves).toHaveLength(0);
  });

  test('does not replace the resource', async () => {
    const { accounts, load, save, saves } = open();
    const resource = { count: 7 };
    watch(accounts.read('alice', () => ({ count: 8 })));
    watch(accounts.run('alice', noop));
    await load(resource);
    await save();
    expect(saves[0]?.resource).toBe(resource);
  });
});
