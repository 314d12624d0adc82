import { ConflictError, startProcessor } from 'groupcommit';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { conflicting, fulfilled } from './conflicting.js';
import { increment, settleDown, watch } from './support.js';

afterEach(() => {
  vi.useRealTimers();
});

const fail = (error: unknown) => {
  throw error;
};

describe('Otherwise the batch starts over', () => {
  test('with the lock still held: it is released once, after the last save', async () => {
    const log: string[] = [];
    let conflicts = 2;
    const accounts = startProcessor<object>({
      minDuration: 0,
      retries: 2,
      lockResource: async () => {
        log.push('lock');
        return () => void log.push('release');
      },
      loadResource: async () => (log.push('load'), {}),
      saveResource: async () => {
        log.push('save');
        if (conflicts-- > 0) throw new ConflictError();
      },
    });
    await accounts.run('alice', () => void log.push('operation'));
    const attempt = ['load', 'operation', 'save'];
    expect(log).toEqual(['lock', ...attempt, ...attempt, ...attempt, 'release']);
  });

  test('it loads again, runs its operations again on the fresh resource, in order, and saves again', async () => {
    const { accounts, load, saves, calls, conflict, commit } = conflicting<{ name: string; log: string[] }>();
    const append = (word: string) =>
      watch(accounts.run('alice', ({ name, log }) => void log.push(`${name}: ${word}`)));
    for (const word of ['one', 'two', 'three']) append(word);
    const stores = ['old', 'newer', 'fresh'].map((name) => ({ name, log: [] as string[] }));
    for (const store of stores) {
      await load(store);
      expect(saves.at(-1)?.resource).toBe(store);
      await (store.name === 'fresh' ? commit() : conflict());
    }
    expect(stores.map(({ log }) => log)).toEqual(
      stores.map(({ name }) => ['one', 'two', 'three'].map((word) => `${name}: ${word}`)),
    );
    const attempt = ['load alice', 'loaded alice', 'save alice'];
    expect(calls).toEqual([
      ...attempt,
      'save of alice failed',
      ...attempt,
      'save of alice failed',
      ...attempt,
      'saved alice',
    ]);
    expect(accounts.pending).toBe(0);
  });

  test('it loads again with the same batch object, and its signal has not aborted', async () => {
    const { accounts, load, loads, saves, conflict, commit } = conflicting();
    watch(accounts.run('alice', increment));
    await load();
    await conflict();
    await load();
    await commit();
    expect(new Set([...loads, ...saves].map(({ batch }) => batch)).size).toBe(1);
    expect(loads).toHaveLength(2);
    const { signal } = loads[0]?.batch ?? {};
    expect(signal?.reason).toMatchObject({ name: 'AbortError' });
  });

  test('its signal aborts only after the last attempt', async () => {
    const { accounts, load, loads, saves, conflict } = conflicting();
    watch(accounts.run('alice', increment));
    await load();
    await conflict();
    await load();
    expect(saves).toHaveLength(2);
    expect(loads[0]?.batch.signal.aborted).toBe(false);
  });

  test('So with retries an operation can run more than once: a run of each kind that has run, none that was cancelled before', async () => {
    const { accounts, load, conflict, commit } = conflicting();
    const log: string[] = [];
    const controllers = [new AbortController(), new AbortController()];
    const note = (what: string) => () => void log.push(what);
    const [before, after] = controllers.map(({ signal }) => ({ signal }));
    watch(accounts.run('alice', note('run')));
    const cancelled = watch(accounts.run('alice', note('cancelled'), before));
    watch(accounts.update('alice', (counter) => (log.push('update'), counter)));
    watch(accounts.read('alice', note('read')));
    watch(accounts.run('alice', () => fail(log.push('throw'))));
    const late = watch(accounts.run('alice', note('aborted after it ran'), after));
    await settleDown();
    controllers[0]?.abort();
    await load();
    controllers[1]?.abort();
    await conflict();
    await load();
    await commit();
    const attempt = ['run', 'update', 'read', 'throw', 'aborted after it ran'];
    expect(log).toEqual([...attempt, ...attempt]);
    expect(cancelled.outcome).toMatchObject({
      state: 'rejected',
      reason: { code: 'ERR_OPERATION_CANCELLED' },
    });
    expect(late.outcome).toEqual(fulfilled(undefined));
    expect(accounts.pending).toBe(0);
  });
});
