import { startProcessor } from 'groupcommit';
import { describe, expect, test } from 'vitest';
import { noop, rejectionOf, settleDown, watch } from './support.js';

const fail = (error: unknown) => {
  throw error;
};

describe('What a thenable does is taken as the platform takes it: at most one outcome', () => {
  type Then = (resolve: (value?: unknown) => void, reject: (reason?: unknown) => void) => void;
  const thenable = (then: Then) => ({ then });

  const succeeding: [string, () => unknown][] = [
    ['that calls back at once', () => thenable((resolve) => resolve(1))],
    ['that calls back late', () => thenable((resolve) => setImmediate(resolve, 1))],
    ['that resolves twice', () => thenable((resolve) => (resolve(1), resolve(2)))],
    ['that resolves again much later', () => thenable((resolve) => (resolve(1), setImmediate(resolve, 2)))],
    ['that resolves, then rejects', () => thenable((resolve, reject) => (resolve(1), reject(2)))],
    ['that resolves, then throws', () => thenable((resolve) => (resolve(1), fail(2)))],
    ['that resolves to a promise', () => thenable((resolve) => resolve(Promise.resolve(1)))],
    [
      'that resolves to another thenable',
      () => thenable((resolve) => resolve(thenable((again) => again(1)))),
    ],
    [
      'that is a function',
      () =>
        Object.assign(
          noop,
          thenable((resolve) => resolve(1)),
        ),
    ],
  ];
  const failing: [string, () => unknown][] = [
    ['that rejects at once', () => thenable((_, reject) => reject('cause'))],
    ['that rejects twice', () => thenable((_, reject) => (reject('cause'), reject(2)))],
    ['that rejects, then resolves', () => thenable((resolve, reject) => (reject('cause'), resolve(2)))],
    ['that throws', () => thenable(() => fail('cause'))],
    ['that resolves to a rejected promise', () => thenable((resolve) => resolve(Promise.reject('cause')))],
  ];

  test.each(succeeding)('%s: load', async (_, returned) => {
    const accounts = startProcessor<unknown>({ minDuration: 0, loadResource: returned as never });
    for (let batch = 0; batch < 3; batch++) {
      expect(await accounts.run('alice', (resource) => resource)).toBe(1);
      await settleDown();
    }
  });

  test.each(succeeding)('%s: save', async (_, returned) => {
    let saves = 0;
    const accounts = startProcessor<unknown>({
      minDuration: 0,
      saveResource: () => (saves++, returned()) as never,
    });
    for (let batch = 0; batch < 3; batch++) {
      expect(await accounts.run('alice', () => 'ran')).toBe('ran');
      await settleDown();
    }
    expect(saves).toBe(3);
  });

  test.each(failing)('%s: load', async (_, returned) => {
    const accounts = startProcessor<unknown>({ minDuration: 0, loadResource: returned as never });
    for (let batch = 0; batch < 3; batch++) {
      expect(await rejectionOf(accounts.run('alice', noop))).toMatchObject({
        code: 'ERR_LOAD_FAILED',
        cause: 'cause',
      });
      await settleDown();
    }
  });

  test.each(failing)('%s: save', async (_, returned) => {
    const accounts = startProcessor<unknown>({ minDuration: 0, saveResource: returned as never });
    for (let batch = 0; batch < 3; batch++) {
      expect(await rejectionOf(accounts.run('alice', noop))).toMatchObject({
        code: 'ERR_SAVE_FAILED',
        cause: 'cause',
      });
      await settleDown();
    }
  });

  test('never in the midst of something else: then is called, and calls back, when no call and no operation is under way', async () => {
    let inside = false;
    const seen: boolean[] = [];
    const returned = () =>
      thenable((resolve) => {
        seen.push(inside);
        resolve(1);
        seen.push(inside);
      });
    const accounts = startProcessor<unknown>({
      minDuration: 0,
      loadResource: () => ((inside = true), queueMicrotask(() => (inside = false)), returned()) as never,
      saveResource: () => ((inside = true), queueMicrotask(() => (inside = false)), returned()) as never,
    });
    await accounts.run('alice', noop);
    expect(seen).toEqual([false, false, false, false]);
  });

  test('one that calls back twice does not end the next batch', async () => {
    const gates: ((value?: unknown) => void)[] = [];
    const accounts = startProcessor<unknown>({
      minDuration: 0,
      loadResource: () => thenable((resolve) => void gates.push(resolve)) as never,
    });
    const first = accounts.run('alice', (resource) => resource);
    await settleDown();
    gates[0]?.('first');
    expect(await first).toBe('first');
    const second = watch(accounts.run('alice', (resource) => resource));
    const other = watch(accounts.run('bob', (resource) => resource));
    await settleDown();
    gates[0]?.('late');
    await settleDown();
    expect([second, other].map((run) => run.outcome.state)).toEqual(['pending', 'pending']);
    gates[1]?.('second');
    gates[2]?.('other');
    await settleDown();
    expect([second, other].map((run) => run.outcome)).toEqual([
      { state: 'fulfilled', value: 'second' },
      { state: 'fulfilled', value: 'other' },
    ]);
  });
});
