import { startProcessor } from 'groupcommit';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Context, heldStore, rejectionOf, settleDown, watch } from './support.js';

interface Counter {
  count: number;
}
const increment = (counter: Counter) => {
  counter.count++;
};
const noop = () => {};

const minute = 60_000;

/** Whether something had happened by the time that only the microtasks after this call had run. */
function afterMicrotasks<T>(look: () => T): Promise<T> {
  // In a microtask, process.nextTick callbacks wait until the queue of microtasks is empty.
  return Promise.resolve().then(() => new Promise((resolve) => process.nextTick(() => resolve(look()))));
}

afterEach(() => {
  vi.useRealTimers();
});

describe('A batch', () => {
  describe('1', () => {
    test('The first run on a key that has no batch starts one', async () => {
      const { loads, ...store } = heldStore<Counter>();
      const accounts = startProcessor<Counter>(store);
      await settleDown();
      expect(loads).toHaveLength(0);
      watch(accounts.run('alice', noop));
      await settleDown();
      expect(loads.map((load) => load.key)).toEqual(['alice']);
      watch(accounts.run('alice', noop));
      watch(accounts.update('alice', (counter) => counter));
      watch(accounts.read('alice', noop));
      watch(accounts.run('bob', noop));
      await settleDown();
      expect(loads.map((load) => load.key)).toEqual(['alice', 'bob']);
    });

    test('update and read start one too', async () => {
      const { loads, ...store } = heldStore<Counter>();
      const accounts = startProcessor<Counter>(store);
      watch(accounts.update('alice', (counter) => counter));
      watch(accounts.read('bob', noop));
      await settleDown();
      expect(loads.map((load) => load.key)).toEqual(['alice', 'bob']);
    });

    test('Its clock starts then', async () => {
      vi.useFakeTimers();
      const { loads, saves, ...store } = heldStore<Counter>();
      const accounts = startProcessor<Counter>({ ...store, minDuration: 100, maxDuration: 150 });
      await vi.advanceTimersByTimeAsync(1_000);
      watch(accounts.run('alice', noop));
      await vi.advanceTimersByTimeAsync(60);
      await loads[0]?.succeed({ count: 0 });
      watch(accounts.run('alice', noop));
      await vi.advanceTimersByTimeAsync(39);
      expect(saves).toHaveLength(0);
      await vi.advanceTimersByTimeAsync(1);
      expect(saves).toHaveLength(1);
      await vi.advanceTimersByTimeAsync(49);
      expect(saves[0]?.context.signal.aborted).toBe(false);
      await vi.advanceTimersByTimeAsync(1);
      expect(saves[0]?.context.signal.aborted).toBe(true);
    });

    test.each([0, 1, minute])(
      'loadResource is called at once: eagerly, no later than the microtasks that follow the call of run (minDuration %d)',
      async (minDuration) => {
        const { loads, ...store } = heldStore<Counter>();
        const accounts = startProcessor<Counter>({ ...store, minDuration });
        const loaded = afterMicrotasks(() => loads.length);
        await Promise.resolve();
        watch(accounts.run('alice', noop));
        expect(await loaded).toBe(1);
      },
    );
  });

  describe('2', () => {
    test('Once the resource is loaded, the operations that are waiting run in the order of their run calls', async () => {
      const { loads, ...store } = heldStore<string[]>();
      const accounts = startProcessor<string[]>({ ...store, minDuration: minute });
      const resource: string[] = [];
      watch(accounts.run('alice', (log) => void log.push('first')));
      watch(accounts.read('alice', (log) => void log.push('second')));
      watch(accounts.update('alice', (log) => (log.push('third'), log)));
      await settleDown();
      watch(accounts.run('alice', (log) => void log.push('fourth')));
      await settleDown();
      expect(resource).toEqual([]);
      await loads[0]?.succeed(resource);
      expect(resource).toEqual(['first', 'second', 'third', 'fourth']);
    });

    test('later ones run as they arrive', async () => {
      const { loads, saves, ...store } = heldStore<string[]>();
      const accounts = startProcessor<string[]>({ ...store, minDuration: minute });
      const resource: string[] = [];
      watch(accounts.run('alice', (log) => void log.push('first')));
      await settleDown();
      await loads[0]?.succeed(resource);
      const ran = afterMicrotasks(() => [...resource]);
      await Promise.resolve();
      watch(accounts.run('alice', (log) => void log.push('second')));
      expect(await ran).toEqual(['first', 'second']);
      watch(accounts.run('alice', (log) => void log.push('third')));
      await settleDown();
      expect(resource).toEqual(['first', 'second', 'third']);
      expect(saves).toHaveLength(0);
    });

    test('Never two at a time, never one inside another', async () => {
      const log: string[] = [];
      const accounts = startProcessor<Counter>({ minDuration: 0, loadResource: () => ({ count: 0 }) });
      const nest = (name: string, key: string, inside: () => void) =>
        watch(
          accounts.run(key, () => {
            log.push(`${name} begins`);
            inside();
            log.push(`${name} ends`);
          }),
        );
      nest('a', 'alice', () => {
        nest('b', 'alice', () => nest('d', 'bob', noop));
        nest('c', 'bob', () => nest('e', 'alice', noop));
        watch(accounts.flush());
        watch(accounts.flush('bob'));
      });
      nest('f', 'alice', noop);
      await settleDown();
      await accounts.flush();
      expect(
        log
          .filter((line) => line.endsWith('begins'))
          .map((line) => line[0])
          .sort()
          .join(''),
      ).toBe('abcdef');
      for (let line = 0; line < log.length; line += 2) expect(log[line]?.[0]).toBe(log[line + 1]?.[0]);
    });

    test('never inside the call of run itself, but in a microtask after it: before the load', async () => {
      let ran = false;
      const accounts = startProcessor<Counter>({ minDuration: 0, loadResource: () => ({ count: 0 }) });
      watch(accounts.run('alice', () => void (ran = true)));
      expect(ran).toBe(false);
      await settleDown();
      expect(ran).toBe(true);
    });

    test('never inside the call of run itself, but in a microtask after it: in a loaded batch', async () => {
      const accounts = startProcessor<Counter>({ minDuration: minute, loadResource: () => ({ count: 0 }) });
      watch(accounts.run('alice', noop));
      await settleDown();
      let ran = false;
      const ranInMicrotask = afterMicrotasks(() => ran);
      await Promise.resolve();
      watch(accounts.run('alice', () => void (ran = true)));
      expect(ran).toBe(false);
      expect(await ranInMicrotask).toBe(true);
    });

    test.each([0, minute])(
      'an operation that calls run on its own key gets queued behind itself (minDuration %d)',
      async (minDuration) => {
        const { loads, saves, ...store } = heldStore<string[]>();
        const accounts = startProcessor<string[]>({ ...store, minDuration });
        const resource: string[] = [];
        watch(
          accounts.run('alice', (log) => {
            log.push('outer begins');
            watch(accounts.run('alice', (log) => void log.push('inner')));
            log.push('outer ends');
          }),
        );
        watch(accounts.run('alice', (log) => void log.push('next')));
        await settleDown();
        await loads[0]?.succeed(resource);
        expect(resource).toEqual(['outer begins', 'outer ends', 'next', 'inner']);
        watch(accounts.flush());
        await settleDown();
        expect(loads).toHaveLength(1);
        await saves[0]?.succeed();
        expect(accounts.pending).toBe(0);
      },
    );
  });

  describe('3', () => {
    test("The window closes minDuration after the batch's start", async () => {
      vi.useFakeTimers();
      const { loads, saves, ...store } = heldStore<Counter>();
      const accounts = startProcessor<Counter>({ ...store, minDuration: 100 });
      watch(accounts.run('alice', increment));
      await settleDown();
      await loads[0]?.succeed({ count: 0 });
      await vi.advanceTimersByTimeAsync(50);
      watch(accounts.run('alice', increment));
      await vi.advanceTimersByTimeAsync(49);
      watch(accounts.run('alice', increment));
      await settleDown();
      expect(saves).toHaveLength(0);
      await vi.advanceTimersByTimeAsync(1);
      expect(saves).toHaveLength(1);
      expect(saves[0]?.resource).toEqual({ count: 3 });
    });

    test('or when the load ends if that is later', async () => {
      vi.useFakeTimers();
      const { loads, saves, ...store } = heldStore<Counter>();
      const accounts = startProcessor<Counter>({ ...store, minDuration: 100 });
      watch(accounts.run('alice', increment));
      await vi.advanceTimersByTimeAsync(150);
      watch(accounts.run('alice', increment));
      await settleDown();
      expect(saves).toHaveLength(0);
      await loads[0]?.succeed({ count: 0 });
      expect(saves).toHaveLength(1);
      expect(saves[0]?.resource).toEqual({ count: 2 });
    });

    test('or at maxOperations', async () => {
      const { loads, saves, ...store } = heldStore<Counter>();
      const accounts = startProcessor<Counter>({ ...store, minDuration: minute, maxOperations: 3 });
      for (let run = 0; run < 2; run++) watch(accounts.run('alice', increment));
      await settleDown();
      await loads[0]?.succeed({ count: 0 });
      expect(saves).toHaveLength(0);
      watch(accounts.run('alice', increment));
      watch(accounts.run('alice', increment));
      await settleDown();
      expect(saves).toHaveLength(1);
      expect(saves[0]?.resource).toEqual({ count: 3 });
    });

    test('all operations that ran count for maxOperations, but no cancelled one', async () => {
      const { loads, saves, ...store } = heldStore<Counter>();
      const accounts = startProcessor<Counter>({ ...store, minDuration: minute, maxOperations: 4 });
      const controller = new AbortController();
      watch(accounts.run('alice', increment));
      watch(accounts.run('alice', increment, { signal: controller.signal }));
      await settleDown();
      controller.abort();
      await loads[0]?.succeed({ count: 0 });
      watch(accounts.read('alice', noop));
      watch(
        accounts.run('alice', () => {
          throw new Error('refused');
        }),
      );
      await settleDown();
      expect(saves).toHaveLength(0);
      watch(accounts.update('alice', (counter) => counter));
      await settleDown();
      expect(saves).toHaveLength(1);
    });

    test.each(['flush', 'flush(key)', 'stop'] as const)('or at %s', async (how) => {
      const { loads, saves, ...store } = heldStore<Counter>();
      const accounts = startProcessor<Counter>({ ...store, minDuration: minute });
      watch(accounts.run('alice', increment));
      await settleDown();
      await loads[0]?.succeed({ count: 0 });
      expect(saves).toHaveLength(0);
      watch(how === 'stop' ? accounts.stop() : how === 'flush' ? accounts.flush() : accounts.flush('alice'));
      await settleDown();
      expect(saves).toHaveLength(1);
    });

    test('What waits then still runs', async () => {
      const { loads, saves, ...store } = heldStore<Counter>();
      const accounts = startProcessor<Counter>({ ...store, minDuration: minute });
      watch(accounts.run('alice', increment));
      await settleDown();
      await loads[0]?.succeed({ count: 0 });
      watch(accounts.run('alice', increment));
      watch(accounts.run('alice', increment));
      watch(accounts.flush());
      await settleDown();
      expect(saves).toHaveLength(1);
      expect(saves[0]?.resource).toEqual({ count: 3 });
    });

    test('What waits for the load when minDuration has passed still runs', async () => {
      vi.useFakeTimers();
      const { loads, saves, ...store } = heldStore<Counter>();
      const accounts = startProcessor<Counter>({ ...store, minDuration: 10 });
      watch(accounts.run('alice', increment));
      watch(accounts.run('alice', increment));
      await vi.advanceTimersByTimeAsync(20);
      await loads[0]?.succeed({ count: 0 });
      expect(saves[0]?.resource).toEqual({ count: 2 });
    });

    test('What runs are made after a window has closed form the next batch', async () => {
      const { loads, saves, ...store } = heldStore<Counter>();
      const accounts = startProcessor<Counter>({ ...store, minDuration: minute });
      watch(accounts.run('alice', increment));
      watch(accounts.flush());
      watch(accounts.run('alice', increment));
      await settleDown();
      watch(accounts.run('alice', increment));
      await loads[0]?.succeed({ count: 0 });
      expect(saves[0]?.resource).toEqual({ count: 1 });
      await saves[0]?.succeed();
      await loads[1]?.succeed({ count: 1 });
      expect(saves).toHaveLength(1);
      watch(accounts.flush());
      await settleDown();
      expect(saves[1]?.resource).toEqual({ count: 3 });
    });

    test('up to maxOperations; the rest forms the next batch', async () => {
      const { loads, saves, calls, ...store } = heldStore<Counter>();
      const accounts = startProcessor<Counter>({ ...store, minDuration: minute, maxOperations: 2 });
      const runs = [1, 2, 3, 4, 5].map(() => watch(accounts.run('alice', (counter) => ++counter.count)));
      const states = () => runs.map((run) => run.outcome.state[0]).join('');
      await settleDown();
      await loads[0]?.succeed({ count: 0 });
      expect(saves[0]?.resource).toEqual({ count: 2 });
      expect(states()).toBe('ppppp');
      await saves[0]?.succeed();
      expect(states()).toBe('ffppp');
      await loads[1]?.succeed({ count: 10 });
      expect(saves[1]?.resource).toEqual({ count: 12 });
      await saves[1]?.succeed();
      expect(states()).toBe('ffffp');
      await loads[2]?.succeed({ count: 20 });
      expect(saves).toHaveLength(2);
      watch(accounts.flush());
      await settleDown();
      await saves[2]?.succeed();
      expect(states()).toBe('fffff');
      expect(calls.filter((call) => call === 'load alice')).toHaveLength(3);
    });

    test.each(['minDuration', 'flush', 'maxOperations'])(
      'what the last operations of a batch queue on their own key forms the next batch too (closed by %s)',
      async (how) => {
        vi.useFakeTimers();
        const { loads, saves, ...store } = heldStore<Counter>();
        const maxOperations = how === 'maxOperations' ? 1 : Number.POSITIVE_INFINITY;
        const accounts = startProcessor<Counter>({ ...store, minDuration: 100, maxOperations });
        let inner = watch(Promise.resolve());
        const outer = watch(
          accounts.run('alice', (counter) => {
            inner = watch(accounts.run('alice', (counter) => (counter.count += 10)));
            return ++counter.count;
          }),
        );
        await settleDown();
        if (how === 'minDuration') await vi.advanceTimersByTimeAsync(150);
        if (how === 'flush') watch(accounts.flush());
        await loads[0]?.succeed({ count: 0 });
        expect(saves.map((save) => save.resource)).toEqual([{ count: 1 }]);
        await saves[0]?.succeed();
        expect(outer.outcome).toEqual({ state: 'fulfilled', value: 1 });
        expect(inner.outcome.state).toBe('pending');
        await loads[1]?.succeed({ count: 1 });
        watch(accounts.flush());
        await settleDown();
        expect(saves[1]?.resource).toEqual({ count: 11 });
        await saves[1]?.succeed();
        expect(inner.outcome).toEqual({ state: 'fulfilled', value: 11 });
      },
    );

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
      expect(loads[0]?.context.signal.aborted).toBe(true);
      await loads[0]?.succeed({ count: 0 });
      expect(saves).toHaveLength(1);
      expect(saves[0]?.context.signal.aborted).toBe(true);
      await saves[0]?.succeed();
      expect(run.outcome).toEqual({ state: 'fulfilled', value: 1 });
    });

    test('With minDuration: 0 the window closes as soon as the waiting operations ran', async () => {
      vi.useFakeTimers();
      const { loads, saves, ...store } = heldStore<Counter>();
      const accounts = startProcessor<Counter>({ ...store, minDuration: 0 });
      watch(accounts.run('alice', increment));
      await settleDown();
      watch(accounts.run('alice', increment));
      await settleDown();
      const saved = afterMicrotasks(() => saves.map((save) => ({ ...save.resource })));
      await Promise.resolve();
      loads[0]?.succeed({ count: 0 });
      watch(accounts.run('alice', increment));
      expect(await saved).toEqual([{ count: 3 }]);
    });

    test('and what arrives while a save is under way forms the next batch', async () => {
      const { loads, saves, ...store } = heldStore<Counter>();
      const accounts = startProcessor<Counter>({ ...store, minDuration: 0 });
      watch(accounts.run('alice', increment));
      await settleDown();
      await loads[0]?.succeed({ count: 0 });
      watch(accounts.run('alice', increment));
      await settleDown();
      watch(accounts.run('alice', increment));
      await settleDown();
      expect(loads).toHaveLength(1);
      await saves[0]?.succeed();
      expect(loads).toHaveLength(2);
      await loads[1]?.succeed({ count: 1 });
      expect(saves[1]?.resource).toEqual({ count: 3 });
    });
  });

  describe('4', () => {
    test.each(['succeeds', 'fails'])(
      'While a batch saves, further runs wait and form the next batch, which starts when the save has settled and loads again (the save %s)',
      async (how) => {
        const { loads, saves, calls, ...store } = heldStore<Counter>();
        const accounts = startProcessor<Counter>({ ...store, minDuration: 0 });
        watch(accounts.run('alice', increment));
        await settleDown();
        await loads[0]?.succeed({ count: 0 });
        let ran = 0;
        watch(accounts.run('alice', () => void ran++));
        watch(accounts.run('alice', () => void ran++));
        await settleDown();
        expect(calls).toEqual(['load alice', 'loaded alice', 'save alice']);
        if (how === 'succeeds') await saves[0]?.succeed();
        else await saves[0]?.fail(new Error('disk'));
        expect(calls.slice(4)).toEqual(['load alice']);
        expect(ran).toBe(0);
        await loads[1]?.succeed({ count: 1 });
        expect(ran).toBe(2);
        expect(saves).toHaveLength(2);
      },
    );

    test('The next batch has a window of its own, from its own start', async () => {
      vi.useFakeTimers();
      const { loads, saves, ...store } = heldStore<Counter>();
      const accounts = startProcessor<Counter>({ ...store, minDuration: 100, maxDuration: 300 });
      watch(accounts.run('alice', increment));
      await settleDown();
      await loads[0]?.succeed({ count: 0 });
      await vi.advanceTimersByTimeAsync(100);
      watch(accounts.run('alice', increment));
      await vi.advanceTimersByTimeAsync(500);
      await saves[0]?.succeed();
      await loads[1]?.succeed({ count: 1 });
      await vi.advanceTimersByTimeAsync(99);
      expect(saves).toHaveLength(1);
      await vi.advanceTimersByTimeAsync(1);
      expect(saves).toHaveLength(2);
      const { signal } = (saves[1] as (typeof saves)[1]).context;
      await vi.advanceTimersByTimeAsync(199);
      expect(signal.aborted).toBe(false);
      await vi.advanceTimersByTimeAsync(1);
      expect(signal.aborted).toBe(true);
    });

    test('The next batch after a load that failed loads again', async () => {
      const { loads, saves, ...store } = heldStore<Counter>();
      const accounts = startProcessor<Counter>({ ...store, minDuration: minute });
      const first = rejectionOf(accounts.run('alice', noop));
      await settleDown();
      await loads[0]?.fail(new Error('disk'));
      await first;
      const second = watch(accounts.run('alice', (counter) => counter.count));
      await settleDown();
      expect(loads).toHaveLength(2);
      await loads[1]?.succeed({ count: 5 });
      watch(accounts.flush());
      await settleDown();
      await saves[0]?.succeed();
      expect(second.outcome).toEqual({ state: 'fulfilled', value: 5 });
    });

    test('The same key is never loaded or saved twice at once when the load times out', async () => {
      vi.useFakeTimers();
      const { loads, calls, ...store } = heldStore<Counter>();
      const accounts = startProcessor<Counter>({ ...store, minDuration: 10, maxDuration: 20 });
      watch(accounts.run('alice', increment));
      await vi.advanceTimersByTimeAsync(minute);
      watch(accounts.run('alice', increment));
      watch(accounts.flush());
      await vi.advanceTimersByTimeAsync(minute);
      watch(accounts.run('alice', increment));
      watch(accounts.stop());
      await vi.advanceTimersByTimeAsync(minute);
      expect(loads[0]?.context.signal.aborted).toBe(true);
      expect(calls).toEqual(['load alice']);
    });

    test('The same key is never loaded or saved twice at once when the save times out', async () => {
      vi.useFakeTimers();
      const { loads, saves, calls, ...store } = heldStore<Counter>();
      const accounts = startProcessor<Counter>({ ...store, minDuration: 10, maxDuration: 20 });
      watch(accounts.run('alice', increment));
      await settleDown();
      await loads[0]?.succeed({ count: 0 });
      await vi.advanceTimersByTimeAsync(minute);
      watch(accounts.run('alice', increment));
      watch(accounts.flush());
      await vi.advanceTimersByTimeAsync(minute);
      watch(accounts.run('alice', increment));
      await vi.advanceTimersByTimeAsync(minute);
      expect(saves[0]?.context.signal.aborted).toBe(true);
      expect(calls).toEqual(['load alice', 'loaded alice', 'save alice']);
      await saves[0]?.succeed();
      expect(loads).toHaveLength(2);
    });

    test('The same key is never loaded or saved twice at once under many callers', async () => {
      let active = 0;
      let most = 0;
      let calls = 0;
      const alone = async () => {
        most = Math.max(most, ++active);
        calls++;
        await new Promise((resolve) =>
          calls % 3 === 0 ? setImmediate(resolve) : queueMicrotask(() => resolve(undefined)),
        );
        active--;
        if (calls % 7 === 0) throw new Error('disk');
      };
      const accounts = startProcessor<unknown>({
        minDuration: 0,
        maxOperations: 3,
        loadResource: alone,
        saveResource: alone,
      });
      for (let round = 0; round < 200; round++) {
        for (let run = 0; run < 4; run++) watch(accounts.run('alice', noop));
        if (round % 5 === 0) watch(accounts.flush());
        await (round % 2 === 0 ? settleDown() : undefined);
      }
      await accounts.stop();
      expect(accounts.pending).toBe(0);
      expect(calls).toBeGreaterThan(200);
      expect(most).toBe(1);
    });

    test('Different keys never wait for each other', async () => {
      const { loads, saves, ...store } = heldStore<Counter>();
      const accounts = startProcessor<Counter>({ ...store, minDuration: 0 });
      watch(accounts.run('load hangs', increment));
      watch(accounts.run('save hangs', increment));
      await settleDown();
      await loads[1]?.succeed({ count: 0 });
      expect(saves.map((save) => save.key)).toEqual(['save hangs']);
      const bob = watch(accounts.run('bob', (counter) => ++counter.count));
      const flushed = watch(accounts.flush('bob'));
      await settleDown();
      await loads[2]?.succeed({ count: 0 });
      await saves[1]?.succeed();
      expect(bob.outcome).toEqual({ state: 'fulfilled', value: 1 });
      expect(flushed.outcome.state).toBe('fulfilled');
    });
  });

  describe('5: A batch in which no operation succeeded saves nothing', () => {
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
    const read = (accounts: ReturnType<typeof startProcessor<Counter>>) =>
      watch(accounts.read('alice', noop));
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

  describe('6', () => {
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
      await settleDown();
      await loads[0]?.succeed({ count: 8 });
      await vi.advanceTimersByTimeAsync(99);
      expect(read.outcome.state).toBe('pending');
      await vi.advanceTimersByTimeAsync(1);
      expect(read.outcome).toEqual({ state: 'fulfilled', value: 8 });
      expect(saves).toHaveLength(0);
    });
  });

  describe('The signal', () => {
    test('loadResource and saveResource of one batch receive the same AbortSignal', async () => {
      const { loads, saves, ...store } = heldStore<Counter>();
      const accounts = startProcessor<Counter>({ ...store, minDuration: 0 });
      watch(accounts.run('alice', noop));
      watch(accounts.run('bob', noop));
      await settleDown();
      const load = loads[0]?.context as Context;
      const { signal } = load;
      await loads[0]?.succeed({ count: 0 });
      expect(signal).toBeInstanceOf(AbortSignal);
      expect(load.signal).toBe(signal);
      expect(saves[0]?.context.signal).toBe(signal);
      expect(loads[1]?.context.signal).not.toBe(signal);
      watch(accounts.run('alice', noop));
      await saves[0]?.succeed();
      expect(loads[2]?.key).toBe('alice');
      expect(loads[2]?.context.signal).not.toBe(signal);
      expect(loads[2]?.context.signal.aborted).toBe(false);
    });

    test("It aborts with a TimeoutError at maxDuration after the batch's start: while it loads", async () => {
      vi.useFakeTimers();
      const { loads, ...store } = heldStore<Counter>();
      const accounts = startProcessor<Counter>({ ...store, minDuration: 10, maxDuration: 50 });
      watch(accounts.run('alice', noop));
      await settleDown();
      const { signal } = (loads[0] as (typeof loads)[0]).context;
      await vi.advanceTimersByTimeAsync(49);
      expect(signal.aborted).toBe(false);
      await vi.advanceTimersByTimeAsync(1);
      expect(signal.aborted).toBe(true);
      expect(signal.reason).toBeInstanceOf(DOMException);
      expect(signal.reason.name).toBe('TimeoutError');
    });

    test("It aborts with a TimeoutError at maxDuration after the batch's start: while it saves", async () => {
      vi.useFakeTimers();
      const { loads, saves, ...store } = heldStore<Counter>();
      const accounts = startProcessor<Counter>({ ...store, minDuration: 10, maxDuration: 50 });
      watch(accounts.run('alice', noop));
      await vi.advanceTimersByTimeAsync(30);
      await loads[0]?.succeed({ count: 0 });
      const { signal } = (saves[0] as (typeof saves)[0]).context;
      await vi.advanceTimersByTimeAsync(19);
      expect(signal.aborted).toBe(false);
      await vi.advanceTimersByTimeAsync(1);
      expect(signal.reason).toMatchObject({ name: 'TimeoutError' });
    });

    test('It aborts at its own batch’s maxDuration, whatever other keys do', async () => {
      vi.useFakeTimers();
      const { loads, ...store } = heldStore<Counter>();
      const accounts = startProcessor<Counter>({ ...store, minDuration: 10, maxDuration: 50 });
      for (let key = 0; key < 10; key++) {
        watch(accounts.run(`key ${key}`, noop));
        await vi.advanceTimersByTimeAsync(3);
      }
      // Now at 30 ms; batch n started at 3 * n. Half of them end before their time.
      for (const load of loads.filter((_, index) => index % 2 === 0)) await load.fail(new Error('disk'));
      await vi.advanceTimersByTimeAsync(19);
      for (let key = 1; key < 10; key += 2) {
        const { signal } = (loads[key] as (typeof loads)[0]).context;
        await vi.advanceTimersByTimeAsync(key === 1 ? 3 : 5);
        expect(signal.aborted, `key ${key}, early`).toBe(false);
        await vi.advanceTimersByTimeAsync(1);
        expect(signal.aborted, `key ${key}, in time`).toBe(true);
      }
    });

    test('at maxDuration, not before, by the real clock', async () => {
      const aborted: number[] = [];
      const accounts = startProcessor<number>({
        minDuration: 5,
        maxDuration: 30,
        loadResource: (_key, { signal }) =>
          new Promise((resolve) =>
            signal.addEventListener('abort', () => {
              aborted.push(performance.now());
              resolve(1);
            }),
          ),
      });
      for (let batch = 0; batch < 5; batch++) {
        const started = performance.now();
        await accounts.run('alice', noop);
        expect((aborted[batch] as number) - started).toBeGreaterThanOrEqual(30);
      }
    });

    test.each(['success', 'a failed load', 'a failed save', 'a batch that saved nothing'])(
      'and with an AbortError after the batch has ended, so that nothing of it lingers: %s',
      async (how) => {
        const { loads, saves, ...store } = heldStore<Counter>();
        const accounts = startProcessor<Counter>({ ...store, minDuration: 0 });
        watch(
          how === 'a batch that saved nothing' ? accounts.read('alice', noop) : accounts.run('alice', noop),
        );
        await settleDown();
        const { signal } = (loads[0] as (typeof loads)[0]).context;
        const events: string[] = [];
        signal.addEventListener('abort', () => events.push(signal.reason.name));
        if (how === 'a failed load') await loads[0]?.fail(new Error('disk'));
        else {
          if (how !== 'a batch that saved nothing') {
            await loads[0]?.succeed({ count: 0 });
            expect(signal.aborted).toBe(false);
          } else await loads[0]?.succeed({ count: 0 });
          await (how === 'a failed save' ? saves[0]?.fail(new Error('disk')) : saves[0]?.succeed());
        }
        await settleDown();
        expect(signal.aborted).toBe(true);
        expect(signal.reason).toBeInstanceOf(DOMException);
        expect(signal.reason.name).toBe('AbortError');
        expect(events).toEqual(['AbortError']);
      },
    );

    test('a signal that timed out keeps its TimeoutError after the end', async () => {
      vi.useFakeTimers();
      const { loads, ...store } = heldStore<Counter>();
      const accounts = startProcessor<Counter>({ ...store, minDuration: 10, maxDuration: 20 });
      watch(accounts.read('alice', noop));
      await vi.advanceTimersByTimeAsync(30);
      const { signal } = (loads[0] as (typeof loads)[0]).context;
      await loads[0]?.succeed({ count: 0 });
      expect(accounts.pending).toBe(0);
      expect(signal.reason.name).toBe('TimeoutError');
      expect(loads[0]?.context.signal).toBe(signal);
    });

    test('is the same whenever it is read: for the first time after maxDuration', async () => {
      vi.useFakeTimers();
      const { loads, saves, ...store } = heldStore<Counter>();
      const accounts = startProcessor<Counter>({ ...store, minDuration: 10, maxDuration: 20 });
      watch(accounts.run('alice', noop));
      await vi.advanceTimersByTimeAsync(25);
      await loads[0]?.succeed({ count: 0 });
      expect(saves[0]?.context.signal.aborted).toBe(true);
      expect(saves[0]?.context.signal.reason.name).toBe('TimeoutError');
      expect(loads[0]?.context.signal).toBe(saves[0]?.context.signal);
    });

    test('is the same whenever it is read: for the first time after the end', async () => {
      const { loads, saves, ...store } = heldStore<Counter>();
      const accounts = startProcessor<Counter>({ ...store, minDuration: 0 });
      watch(accounts.run('alice', noop));
      await settleDown();
      await loads[0]?.succeed({ count: 0 });
      await saves[0]?.succeed();
      watch(accounts.run('alice', noop));
      await settleDown();
      expect(loads[0]?.context.signal.aborted).toBe(true);
      expect(loads[0]?.context.signal.reason.name).toBe('AbortError');
      expect(saves[0]?.context.signal).toBe(loads[0]?.context.signal);
      expect(loads[1]?.context.signal.aborted).toBe(false);
    });

    test("The signal asks; it does not break exclusivity: the batch ends when the function's promise settles", async () => {
      vi.useFakeTimers();
      const { loads, saves, ...store } = heldStore<Counter>();
      const accounts = startProcessor<Counter>({ ...store, minDuration: 10, maxDuration: 20 });
      const run = watch(accounts.run('alice', (counter) => ++counter.count));
      await vi.advanceTimersByTimeAsync(minute);
      expect(run.outcome.state).toBe('pending');
      await loads[0]?.succeed({ count: 0 });
      await vi.advanceTimersByTimeAsync(minute);
      expect(run.outcome.state).toBe('pending');
      await saves[0]?.succeed();
      expect(run.outcome).toEqual({ state: 'fulfilled', value: 1 });
    });
  });

  test('Both functions may return a plain value instead of a promise', async () => {
    const saved: unknown[] = [];
    const accounts = startProcessor<Counter>({
      minDuration: 0,
      loadResource: () => ({ count: 4 }),
      saveResource: (_key, counter) => saved.push(counter),
    });
    expect(await accounts.run('alice', (counter) => ++counter.count)).toBe(5);
    expect(saved).toEqual([{ count: 5 }]);
  });

  test('and both may throw synchronously', async () => {
    const loadError = new Error('load');
    const saveError = new Error('save');
    const accounts = startProcessor<Counter>({
      minDuration: 0,
      loadResource: (key) => {
        if (key === 'bad') throw loadError;
        return { count: 0 };
      },
      saveResource: () => {
        throw saveError;
      },
    });
    expect(await rejectionOf(accounts.run('bad', noop))).toMatchObject({
      code: 'ERR_LOAD_FAILED',
      cause: loadError,
    });
    expect(await rejectionOf(accounts.run('good', noop))).toMatchObject({
      code: 'ERR_SAVE_FAILED',
      cause: saveError,
    });
    expect(await rejectionOf(accounts.run('bad', noop))).toMatchObject({
      code: 'ERR_LOAD_FAILED',
      cause: loadError,
    });
  });
});
