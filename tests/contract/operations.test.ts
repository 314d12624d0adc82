import { startProcessor } from 'groupcommit';
import { describe, expect, test } from 'vitest';
import { rejectionOf } from './support.js';

describe('An operation', () => {
  test('that overflows the stack rejects with the RangeError', async () => {
    const accounts = startProcessor<unknown>({ minDuration: 0 });
    const endless = (): number => endless() + 1;
    const runs = [rejectionOf(accounts.run('alice', endless)), accounts.run('alice', () => 'next')];
    expect(await runs[0]).toBeInstanceOf(RangeError);
    expect(await runs[1]).toBe('next');
  });

  test('that is a class rejects with the TypeError of calling it', async () => {
    const accounts = startProcessor<unknown>({ minDuration: 0 });
    expect(await rejectionOf(accounts.run('alice', class {} as never))).toBeInstanceOf(TypeError);
  });

  test('may be a proxy or a bound function, and a generator function returns its iterator', async () => {
    const accounts = startProcessor<number>({ minDuration: 0, loadResource: () => 4 });
    expect(await accounts.run('alice', new Proxy((value: number) => value, {}))).toBe(4);
    expect(await accounts.run('alice', ((a: string, b: number) => a + b).bind(undefined, 'n'))).toBe('n4');
    const iterator = await accounts.run('alice', function* (value) {
      yield value;
    });
    expect([...iterator]).toEqual([4]);
  });

  test('that freezes or revokes the resource harms only itself', async () => {
    const { proxy, revoke } = Proxy.revocable({ count: 0 }, {});
    const saved: unknown[] = [];
    const accounts = startProcessor<{ count: number }>({
      minDuration: 0,
      loadResource: (key) => (key === 'revoked' ? deferredValue(proxy) : { count: 0 }),
      saveResource: (_key, resource) => void saved.push(resource),
    });
    const frozen = accounts.run('frozen', (counter) => void Object.freeze(counter));
    const onFrozen = rejectionOf(accounts.run('frozen', (counter) => void counter.count++));
    await frozen;
    expect(await onFrozen).toBeInstanceOf(TypeError);
    const revoking = accounts.run('revoked', () => revoke());
    const onRevoked = rejectionOf(accounts.run('revoked', (counter) => counter.count));
    await revoking;
    expect(await onRevoked).toBeInstanceOf(TypeError);
    expect(saved).toHaveLength(2);
    expect(saved[1]).toBe(proxy);
  });

  test('may queue another on its own key, ten thousand deep', async () => {
    const accounts = startProcessor<{ count: number }>({
      minDuration: 0,
      loadResource: () => ({ count: 0 }),
    });
    const runs: Promise<number>[] = [];
    const next = (depth: number) => {
      runs.push(
        accounts.run('alice', (counter) => {
          if (depth > 1) next(depth - 1);
          return ++counter.count;
        }),
      );
    };
    next(10_000);
    for (let seen = 0; seen < runs.length; seen++) await runs[seen];
    expect(runs).toHaveLength(10_000);
    expect(accounts.pending).toBe(0);
  });

  test('may be queued from the settlement of another, a thousand times', async () => {
    const accounts = startProcessor<{ count: number }>({
      minDuration: 0,
      loadResource: () => ({ count: 0 }),
    });
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        for (let turn = 0; turn < 100; turn++) await accounts.run('alice', (counter) => ++counter.count);
      }),
    );
    expect(accounts.pending).toBe(0);
  });
});
/** A promise of a value, even of a revoked proxy or a thenable-looking one, without looking at it. */
function deferredValue<T>(value: T): Promise<T> {
  return Promise.resolve().then(() => value);
}
