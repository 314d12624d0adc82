import { startProcessor } from 'groupcommit';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Counter, heldStore, increment, open, settleDown, watch } from './support.js';

afterEach(() => {
  vi.useRealTimers();
});

describe('A batch', () => {
  test('Then saveResource is called with the same resource', async () => {
    const { loads, saves, ...store } = heldStore<Counter>();
    const accounts = startProcessor<Counter>({ ...store, minDuration: 0 });
    const resource = { count: 0 };
    let seen: unknown;
    watch(
      accounts.run('alice', (counter) => {
        seen = counter;
        return { count: 99 };
      }),
    );
    await settleDown();
    await loads[0]?.succeed(resource);
    expect(seen).toBe(resource);
    expect(saves[0]?.key).toBe('alice');
    expect(saves[0]?.resource).toBe(resource);
  });

  test.each([
    ['null', null],
    ['undefined', undefined],
    ['a string', 'text'],
    ['NaN', Number.NaN],
    ['a frozen object', Object.freeze({})],
    ['a function', () => {}],
    ['an object without a prototype', Object.create(null)],
  ])('the same resource: %s', async (_, resource) => {
    const seen: unknown[] = [];
    const saved: unknown[] = [];
    const accounts = startProcessor<unknown>({
      minDuration: 0,
      loadResource: () => resource,
      saveResource: (_key, each) => saved.push(each),
    });
    await accounts.run('alice', (each) => void seen.push(each));
    expect(Object.is(seen[0], resource)).toBe(true);
    expect(saved).toHaveLength(1);
    expect(Object.is(saved[0], resource)).toBe(true);
  });

  test('also if the signal has aborted meanwhile', async () => {
    vi.useFakeTimers();
    const { loads, saves, ...store } = heldStore<Counter>();
    const accounts = startProcessor<Counter>({ ...store, minDuration: 10, maxDuration: 20 });
    const run = watch(accounts.run('alice', (counter) => ++counter.count));
    await vi.advanceTimersByTimeAsync(30);
    expect(loads[0]?.batch.signal.aborted).toBe(true);
    await loads[0]?.succeed({ count: 0 });
    expect(saves).toHaveLength(1);
    expect(saves[0]?.batch.signal.aborted).toBe(true);
    await saves[0]?.succeed();
    expect(run.outcome).toEqual({ state: 'fulfilled', value: 1 });
  });

  test('A run belongs to a batch from the moment in which it is accepted: the latest of its key, if its window is open', async () => {
    const { accounts, loads, saves } = open({ maxOperations: 2 });
    const runs = [1, 2, 3].map(() => watch(accounts.run('alice', increment)));
    watch(accounts.flush());
    runs.push(watch(accounts.run('alice', increment)));
    await settleDown();
    await loads[0]?.fail(new Error('disk'));
    const states = () => runs.map((run) => run.outcome.state);
    expect(states()).toEqual(['rejected', 'rejected', 'pending', 'pending']);
    await loads[1]?.succeed({ count: 0 });
    expect(saves.map((save) => save.resource.count)).toEqual([1]);
    await saves[0]?.succeed();
    expect(states()).toEqual(['rejected', 'rejected', 'fulfilled', 'pending']);
  });

  test('belongs to a batch from the moment in which it is accepted: a cancelled one draws none of the next in', async () => {
    const { accounts, loads, saves } = open();
    const controller = new AbortController();
    watch(accounts.run('alice', increment, { signal: controller.signal }));
    watch(accounts.flush());
    const later = watch(accounts.run('alice', increment));
    await settleDown();
    controller.abort();
    await loads[0]?.succeed({ count: 0 });
    expect(saves).toHaveLength(0);
    expect(later.outcome.state).toBe('pending');
    await loads[1]?.succeed({ count: 5 });
    watch(accounts.flush());
    await settleDown();
    expect(saves.map((save) => save.resource.count)).toEqual([6]);
  });
});
