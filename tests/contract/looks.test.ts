import { startProcessor } from 'groupcommit';
import { describe, expect, test, vi } from 'vitest';
import { noop, open, rejectionOf, settleDown, watch } from './support.js';

/** A Proxy that notes how it is looked at. */
function watched(target: object = {}): { proxy: object; looks: Set<string> } {
  const looks = new Set<string>();
  const traps = Reflect.ownKeys(Reflect) as (string & keyof ProxyHandler<object>)[];
  const handler = Object.fromEntries(
    traps
      .filter((trap) => typeof trap === 'string')
      .map((trap) => [
        trap,
        (...args: unknown[]) => {
          looks.add(trap === 'get' ? String(args[1]) : trap);
          return (Reflect[trap as 'get'] as (...args: unknown[]) => unknown)(...args);
        },
      ]),
  );
  return { proxy: new Proxy(target, handler), looks };
}

const fail = (thrown: unknown) => () => {
  throw thrown;
};

describe('Looked at are only then of what an operation or a callback returned, and message and code of what was thrown', () => {
  test('what the callbacks returned', async () => {
    const [resource, saved] = [watched(), watched()];
    const release = watched(noop);
    const accounts = startProcessor<object>({
      minDuration: 0,
      lockResource: () => release.proxy as () => void,
      loadResource: () => resource.proxy,
      saveResource: () => saved.proxy,
    });
    await accounts.run('alice', noop);
    expect([...resource.looks]).toEqual(['then']);
    expect([...saved.looks]).toEqual(['then']);
    expect([...release.looks].sort()).toEqual(['apply', 'then']);
  });

  test('what operations returned', async () => {
    const [value, next] = [watched(), watched()];
    const accounts = startProcessor<object>({ minDuration: 0, loadResource: () => ({}) });
    expect(await accounts.run('alice', () => value.proxy)).toBe(value.proxy);
    expect(await accounts.update('alice', () => next.proxy)).toBe(next.proxy);
    expect([...value.looks]).toEqual(['then']);
    expect([...next.looks]).toEqual(['then']);
  });

  test.each(['lock', 'load', 'save'])('what %sResource threw', async (phase) => {
    const cause = watched(new Error('disk'));
    const accounts = startProcessor({
      minDuration: 0,
      [`${phase}Resource`]: () => Promise.reject(cause.proxy),
    });
    accounts.subscribeBatchMetrics(noop);
    await Promise.all([1, 2].map(() => rejectionOf(accounts.run('alice', noop))));
    expect([...cause.looks].filter((look) => !['message', 'code'].includes(look))).toEqual([]);
  });

  test('what an operation threw, and a reason', async () => {
    const [thrown, reason] = [watched(new Error('refused')), watched()];
    const accounts = startProcessor({ minDuration: 0 });
    const controller = new AbortController();
    watch(accounts.run('alice', fail(thrown.proxy)));
    watch(accounts.run('alice', noop, { signal: controller.signal }));
    controller.abort(reason.proxy);
    await accounts.stop();
    const looks = [...thrown.looks, ...reason.looks];
    expect(looks.filter((look) => !['message', 'code'].includes(look))).toEqual([]);
  });
});

describe('If that look throws, it is as if there were nothing to see', () => {
  const hidden = (name: string) =>
    Object.defineProperty({}, name, {
      get: () => {
        throw new Error('getter');
      },
    });

  test('then of what the callbacks returned', async () => {
    const resource = hidden('then');
    const saved: unknown[] = [];
    const accounts = startProcessor<object>({
      minDuration: 0,
      loadResource: () => resource,
      saveResource: (_key, each) => (saved.push(each), hidden('then')),
    });
    expect(await accounts.run('alice', (each) => each === resource)).toBe(true);
    expect(saved).toEqual([resource]);
  });

  test('then of what an operation returned: it has succeeded, and its own run tells', async () => {
    const { accounts, load, saves } = open();
    const own = watch(accounts.run('alice', () => hidden('then')));
    const other = watch(accounts.read('alice', (counter) => counter.count));
    await load({ count: 3 });
    watch(accounts.flush());
    await settleDown();
    expect(saves).toHaveLength(1);
    await saves[0]?.succeed();
    expect(own.outcome).toMatchObject({ state: 'rejected', reason: { message: 'getter' } });
    expect(other.outcome).toEqual({ state: 'fulfilled', value: 3 });
  });

  test('code of what was thrown', async () => {
    const cause = hidden('code');
    const save = vi.fn(() => Promise.reject(cause));
    const accounts = startProcessor({ minDuration: 0, retries: 1, saveResource: save });
    const error = (await rejectionOf(accounts.run('alice', noop))) as Error;
    expect(error).toMatchObject({ code: 'ERR_SAVE_FAILED' });
    expect(error.cause).toBe(cause);
    expect(save).toHaveBeenCalledTimes(1);
  });

  test('message of what was thrown', async () => {
    const cause = hidden('message');
    const accounts = startProcessor({ minDuration: 0, loadResource: () => Promise.reject(cause) });
    const error = (await rejectionOf(accounts.run('alice', noop))) as Error;
    expect(error).toMatchObject({ code: 'ERR_LOAD_FAILED', message: expect.stringMatching(/./) });
    expect(error.cause).toBe(cause);
  });
});
