import 'fake-indexeddb/auto';
import { startProcessor } from 'groupcommit';
import { indexedDBStore } from 'groupcommit/indexeddb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FakeLocks } from './fake-locks.js';
import { settleDown, watch } from './support.js';

const name = 'indexeddb:bank/accounts:';

/** What `lockResource` gets of a processor with a window, or with none. */
function batch({ minDuration = 0, controller = new AbortController() } = {}) {
  return { signal: controller.signal, minDuration, controller };
}

let locks: FakeLocks;
beforeEach(() => {
  locks = new FakeLocks();
  vi.stubGlobal('navigator', { locks });
});
afterEach(() => vi.unstubAllGlobals());

const open = () => indexedDBStore<number, string | number>({ database: 'bank', store: 'accounts' });

describe('Batches without a window', () => {
  test('Those that ask while nobody of them has the lock share one request, of the whole store', async () => {
    const store = open();
    const other = await locks.hold(name);
    const keys = ['alice', 'bob', 1, '1'];
    const taken = keys.map((key) => watch(store.lockResource(key, batch()) as Promise<unknown>));
    await settleDown();
    expect(taken.map(({ outcome }) => outcome.state)).toEqual(Array(4).fill('pending'));
    expect(locks.queue).toEqual([`${name} exclusive`]);
    other();
    await settleDown();
    expect(taken.map(({ outcome }) => outcome.state)).toEqual(Array(4).fill('fulfilled'));
    expect(locks.requests).toEqual([`${name} exclusive`, `${name} exclusive`]);
  });

  test('It is released when the last of them has ended, and whoever came later has a request of its own', async () => {
    const store = open();
    const first = await Promise.all(['alice', 'bob'].map((key) => store.lockResource(key, batch())));
    const late = watch(store.lockResource('carol', batch()) as Promise<unknown>);
    first[0]?.();
    await settleDown();
    expect(late.outcome.state).toBe('pending');
    expect(locks.queue).toEqual([`${name} exclusive`]);
    first[1]?.();
    await settleDown();
    expect(late.outcome.state).toBe('fulfilled');
  });

  test('One key twice, of two processors that have the same store, waits for itself', async () => {
    const store = open();
    const other = await locks.hold(name);
    const [first, second] = [1, 2].map(() => store.lockResource('alice', batch()) as Promise<() => void>);
    const waiting = watch(second as Promise<unknown>);
    other();
    const release = await first;
    await settleDown();
    expect(waiting.outcome.state).toBe('pending');
    release?.();
    await settleDown();
    expect(waiting.outcome.state).toBe('fulfilled');
  });

  test('One that gives up does not take the others with it; with the last the request is withdrawn', async () => {
    const store = open();
    const other = await locks.hold(name);
    const batches = [batch(), batch(), batch()] as const;
    const taken = batches.map((batch, key) => watch(store.lockResource(key, batch) as Promise<unknown>));
    const reasons = batches.map((_, i) => new Error(`reason ${i}`));
    batches[0].controller.abort(reasons[0]);
    await settleDown();
    expect(taken[0]?.outcome).toEqual({ state: 'rejected', reason: reasons[0] });
    expect(locks.queue).toEqual([`${name} exclusive`]);
    batches[1].controller.abort(reasons[1]);
    batches[2].controller.abort(reasons[2]);
    // Who comes in this very turn does not join those who are leaving.
    const next = watch(store.lockResource('alice', batch()) as Promise<unknown>);
    await settleDown();
    expect(taken[2]?.outcome).toEqual({ state: 'rejected', reason: reasons[2] });
    expect(locks.queue).toEqual([`${name} exclusive`]);
    other();
    await settleDown();
    expect(next.outcome.state).toBe('fulfilled');
  });

  test('A signal that has aborted already requests nothing; one that aborts later changes nothing', async () => {
    const store = open();
    const reason = new Error('too late');
    const aborted = batch();
    aborted.controller.abort(reason);
    const refused = watch(store.lockResource('alice', aborted) as Promise<unknown>);
    const granted = batch();
    const release = await store.lockResource('bob', granted);
    granted.controller.abort(reason);
    await settleDown();
    expect(refused.outcome).toEqual({ state: 'rejected', reason });
    expect(locks.held).toEqual([`${name} exclusive`]);
    release?.();
    await settleDown();
    expect(locks.held).toEqual([]);
  });

  test('A request that fails fails for all who have joined, and not for whoever comes later', async () => {
    const store = open();
    const failure = new DOMException('The document is not fully active', 'InvalidStateError');
    const request = vi.spyOn(locks, 'request').mockImplementationOnce(() => Promise.reject(failure));
    const taken = ['alice', 'bob'].map((key) => watch(store.lockResource(key, batch()) as Promise<unknown>));
    await settleDown();
    expect(taken.map(({ outcome }) => outcome)).toEqual(
      Array(2).fill({ state: 'rejected', reason: failure }),
    );
    expect(request).toHaveBeenCalledTimes(1);
    expect(await store.lockResource('carol', batch())).toBeTypeOf('function');
  });

  test('A thousand records take one lock', async () => {
    const accounts = startProcessor<number | undefined, string | number>({ ...open(), minDuration: 0 });
    const keys = Array.from({ length: 1000 }, (_, i) => i);
    await Promise.all(keys.map((key) => accounts.update(key, () => key)));
    expect(locks.requests).toEqual([`${name} exclusive`]);
    expect(locks.held).toEqual([]);
  });
});

describe('Batches with a window', () => {
  test('Each has its record, after a share of the store, which those share that ask meanwhile', async () => {
    const store = open();
    const releases = await Promise.all(
      ['alice', 1].map((key) => store.lockResource(key, batch({ minDuration: 10 }))),
    );
    expect(locks.held).toEqual([`${name} shared`, `${name}"alice" exclusive`, `${name}1 exclusive`]);
    releases[0]?.();
    await settleDown();
    expect(locks.held).toEqual([`${name} shared`, `${name}1 exclusive`]);
    releases[1]?.();
    await settleDown();
    expect(locks.held).toEqual([]);
  });

  test('Who has a record keeps out who wants the store, and the other way round', async () => {
    const [tab, other] = [open(), open()];
    const release = await tab.lockResource('alice', batch({ minDuration: 10 }));
    const whole = watch(other.lockResource('bob', batch()) as Promise<unknown>);
    const later = watch(tab.lockResource('carol', batch({ minDuration: 10 })) as Promise<unknown>);
    await settleDown();
    // Whoever comes after the one that wants the store does not overtake it, or it would never get it.
    expect([whole, later].map(({ outcome }) => outcome.state)).toEqual(['pending', 'pending']);
    release?.();
    await settleDown();
    expect([whole, later].map(({ outcome }) => outcome.state)).toEqual(['fulfilled', 'pending']);
    (whole.outcome as { value: () => void }).value();
    await settleDown();
    expect(later.outcome.state).toBe('fulfilled');
  });

  test('Who gives up while another tab has the record gives back the share of the store', async () => {
    const other = await locks.hold(`${name}"alice"`);
    const waiting = batch({ minDuration: 10 });
    const taken = watch(open().lockResource('alice', waiting) as Promise<unknown>);
    await settleDown();
    expect(locks.held).toEqual([`${name}"alice" exclusive`, `${name} shared`]);
    const reason = new Error('too slow');
    waiting.controller.abort(reason);
    await settleDown();
    expect(taken.outcome).toEqual({ state: 'rejected', reason });
    expect(locks.held).toEqual([`${name}"alice" exclusive`]);
    other();
  });
});
