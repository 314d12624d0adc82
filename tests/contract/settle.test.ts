import { startProcessor } from 'groupcommit';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  afterMicrotasks,
  type Counter,
  heldStore,
  increment,
  minute,
  noop,
  settleDown,
  watch,
} from './support.js';

afterEach(() => {
  vi.useRealTimers();
});

describe('A batch', () => {
  test('When the batch has ended, all its runs settle together, in order', async () => {
    const { loads, saves, ...store } = heldStore<Counter>();
    const accounts = startProcessor<Counter>({ ...store, minDuration: minute });
    const settled: string[] = [];
    const follow = (name: string, promise: Promise<unknown>) =>
      promise.then(
        () => settled.push(name),
        () => settled.push(`${name} rejected`),
      );
    follow('run', accounts.run('alice', increment));
    follow(
      'throwing',
      accounts.run('alice', () => {
        throw new Error('refused');
      }),
    );
    follow('read', accounts.read('alice', noop));
    await settleDown();
    await loads[0]?.succeed({ count: 0 });
    follow('promise', accounts.run('alice', (() => Promise.resolve()) as never));
    follow(
      'update',
      accounts.update('alice', (counter) => counter),
    );
    await settleDown();
    follow('late', accounts.run('alice', increment));
    await settleDown();
    watch(accounts.flush());
    await settleDown();
    expect(saves).toHaveLength(1);
    expect(settled).toEqual([]);
    const all = ['run', 'throwing rejected', 'read', 'promise rejected', 'update', 'late'];
    const soon = afterMicrotasks(() => [...settled]);
    await Promise.resolve();
    saves[0]?.succeed();
    expect(await soon).toEqual(all);
  });

  test('before those of the next batch of their key, however soon that one ends', async () => {
    const settled: number[] = [];
    const runs: Promise<unknown>[] = [];
    const accounts = startProcessor<Counter>({
      minDuration: 0,
      loadResource: () => ({ count: 0 }),
      saveResource: () => {
        if (runs.length === 500) run();
      },
    });
    function run() {
      const number = runs.length;
      runs.push(accounts.run('alice', increment).then(() => settled.push(number)));
    }
    while (runs.length < 500) run();
    await Promise.all(runs);
    await accounts.flush();
    expect(settled).toEqual(Array.from({ length: 501 }, (_, number) => number));
  });

  test('in order also when the load fails', async () => {
    const { loads, ...store } = heldStore<Counter>();
    const accounts = startProcessor<Counter>({ ...store, minDuration: minute });
    const settled: number[] = [];
    for (let run = 0; run < 5; run++) accounts.run('alice', noop).catch(() => settled.push(run));
    await settleDown();
    const soon = afterMicrotasks(() => [...settled]);
    await Promise.resolve();
    loads[0]?.fail(new Error('disk'));
    expect(await soon).toEqual([0, 1, 2, 3, 4]);
  });

  test('a batch that saves nothing ends when its window closes', async () => {
    vi.useFakeTimers();
    const { loads, saves, ...store } = heldStore<Counter>();
    const accounts = startProcessor<Counter>({ ...store, minDuration: 100 });
    const read = watch(accounts.read('alice', (counter) => counter.count));
    watch(
      accounts.run('alice', () => {
        throw new Error('refused');
      }),
    );
    await settleDown();
    await loads[0]?.succeed({ count: 8 });
    await vi.advanceTimersByTimeAsync(99);
    expect(read.outcome.state).toBe('pending');
    await vi.advanceTimersByTimeAsync(1);
    expect(read.outcome).toEqual({ state: 'fulfilled', value: 8 });
    expect(saves).toHaveLength(0);
  });
});
