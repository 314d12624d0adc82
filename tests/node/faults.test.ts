import { type BatchError, type Processor, startProcessor } from 'groupcommit';
import { describe, expect, test } from 'vitest';
import { deferred, inChild, rejectionOf, settleDown, watch } from './support.js';

const noop = () => {};
const fail = (error: unknown) => {
  throw error;
};

describe('Faults: whatever the callbacks do, each run settles and the processor goes on', () => {
  type Then = (resolve: (value?: unknown) => void, reject: (reason?: unknown) => void) => void;
  const thenable = (then: Then) => ({ then });

  describe('a load or save that returns a foreign thenable', () => {
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
      ['whose then getter throws', () => Object.defineProperty({}, 'then', { get: () => fail('cause') })],
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

  test('a callback that never settles keeps only its key: everything else goes on, and stop() waits', async () => {
    const accounts = startProcessor<unknown>({
      minDuration: 0,
      loadResource: (key) => (key === 'load hangs' ? new Promise(noop) : {}),
      saveResource: (key) => (key === 'save hangs' ? new Promise(noop) : undefined),
    });
    const hanging = ['load hangs', 'save hangs'].map((key) => watch(accounts.run(key, noop)));
    for (let run = 0; run < 100; run++) expect(await accounts.run(`key ${run % 3}`, () => run)).toBe(run);
    const stopped = watch(accounts.stop());
    await settleDown();
    expect([...hanging, stopped].map((each) => each.outcome.state)).toEqual(Array(3).fill('pending'));
    expect(accounts.pending).toBe(2);
  });

  test('a callback that settles after stop() still ends its batch', async () => {
    const gate = deferred<string>();
    const accounts = startProcessor<string>({ minDuration: 0, loadResource: () => gate.promise });
    const run = watch(accounts.run('alice', (resource) => resource));
    const stopped = watch(accounts.stop());
    await settleDown();
    expect(stopped.outcome.state).toBe('pending');
    gate.resolve('late');
    await settleDown();
    expect(run.outcome).toEqual({ state: 'fulfilled', value: 'late' });
    expect(stopped.outcome.state).toBe('fulfilled');
  });

  test('failures of one batch do not spoil the next, a thousand times', async () => {
    let calls = 0;
    const accounts = startProcessor<object>({
      minDuration: 0,
      loadResource: () => (++calls % 3 === 0 ? fail('load') : Promise.resolve({})) as never,
      saveResource: () => (++calls % 5 === 0 ? Promise.reject('save') : undefined),
    });
    const outcomes = new Map<unknown, number>();
    for (let batch = 0; batch < 1000; batch++) {
      const outcome = await accounts.run('alice', () => 'saved').catch((error: BatchError) => error.cause);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    expect([...outcomes.keys()].sort()).toEqual(['load', 'save', 'saved']);
    expect([...outcomes.values()].reduce((sum, count) => sum + count)).toBe(1000);
    expect(accounts.pending).toBe(0);
  });

  describe('an operation', () => {
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

  describe('a call from inside', () => {
    type Accounts = Processor<object>;
    type Scene = { options?: object; start?: (accounts: Accounts, runs: unknown[]) => void };
    const places: Record<string, (inside: () => void) => Scene> = {
      loadResource: (inside) => ({ options: { loadResource: () => (inside(), {}) } }),
      'loadResource, which throws then': (inside) => ({
        options: { loadResource: () => (inside(), fail('disk')) },
      }),
      saveResource: (inside) => ({ options: { saveResource: () => inside() } }),
      'saveResource, which throws then': (inside) => ({
        options: { saveResource: () => (inside(), fail('disk')) },
      }),
      'an operation': (inside) => ({
        start: (accounts, runs) => runs.push(watch(accounts.run('alice', () => inside()))),
      }),
      'an operation of a batch that is full then': (inside) => ({
        options: { maxOperations: 1 },
        start: (accounts, runs) => runs.push(watch(accounts.run('alice', () => inside()))),
      }),
      'an update': (inside) => ({
        start: (accounts, runs) => runs.push(watch(accounts.update('alice', (each) => (inside(), each)))),
      }),
      'a read': (inside) => ({
        start: (accounts, runs) => runs.push(watch(accounts.read('alice', () => inside()))),
      }),
      'an operation that throws then': (inside) => ({
        start: (accounts, runs) => runs.push(watch(accounts.run('alice', () => (inside(), fail('refused'))))),
      }),
      'a subscriber': (inside) => ({ start: (accounts) => accounts.subscribeBatchMetrics(inside) }),
      "the batch signal's abort event at maxDuration": (inside) => ({
        options: {
          maxDuration: 5,
          loadResource: (_key: string, { signal }: { signal: AbortSignal }) =>
            new Promise((resolve) => signal.addEventListener('abort', () => (inside(), resolve({})))),
        },
      }),
      "the batch signal's abort event at the end": (inside) => ({
        options: {
          loadResource: (_key: string, { signal }: { signal: AbortSignal }) => (
            signal.addEventListener('abort', inside), {}
          ),
        },
      }),
      "the abort event of a run's signal, before the processor hears of it": (inside) => ({
        start: (accounts, runs) => {
          const controller = new AbortController();
          controller.signal.addEventListener('abort', inside);
          runs.push(watch(accounts.run('alice', noop, { signal: controller.signal })));
          controller.abort();
        },
      }),
      "the abort event of a run's signal, after": (inside) => ({
        start: (accounts, runs) => {
          const controller = new AbortController();
          runs.push(watch(accounts.run('alice', noop, { signal: controller.signal })));
          controller.signal.addEventListener('abort', inside);
          controller.abort();
        },
      }),
      'the getter of the option signal': (inside) => ({
        start: (accounts, runs) =>
          runs.push(
            watch(
              accounts.run('alice', noop, {
                get signal() {
                  inside();
                  return undefined;
                },
              }),
            ),
          ),
      }),
      'the then getter of a returned value': (inside) => ({
        start: (accounts, runs) => runs.push(watch(accounts.run('alice', () => withThenGetter(inside)))),
      }),
      'the then getter of the loaded resource': (inside) => ({
        options: { loadResource: () => withThenGetter(inside) },
      }),
      'the then getter of what saveResource returns': (inside) => ({
        options: { saveResource: () => withThenGetter(inside) },
      }),
      'the message getter of the cause': (inside) => ({
        options: {
          saveResource: () =>
            fail(Object.defineProperty(new Error(), 'message', { get: () => (inside(), 'disk') })),
        },
        // A message may be made without looking at the cause, so look at it here.
        start: (accounts, runs) =>
          runs.push(watch(accounts.run('alice', noop).catch((error) => void String(error.cause)))),
      }),
    };

    const acts: Record<string, (accounts: Accounts, cancel: () => void) => unknown[]> = {
      'run on the same key': (accounts) => [accounts.run('alice', noop)],
      'run on another key': (accounts) => [
        accounts.run('bob', noop),
        accounts.update('carol', (each) => each),
      ],
      'update and read on the same key': (accounts) => [
        accounts.update('alice', () => ({})),
        accounts.read('alice', noop),
      ],
      'flush()': (accounts) => [accounts.flush(), accounts.run('alice', noop), accounts.flush()],
      'flush(key)': (accounts) => [
        accounts.run('alice', noop),
        accounts.flush('alice'),
        accounts.flush('bob'),
      ],
      'stop()': (accounts) => [accounts.stop(), accounts.run('alice', noop)],
      'the abort of waiting runs': (accounts, cancel) => {
        const controller = new AbortController();
        const run = accounts.run('alice', noop, { signal: controller.signal });
        controller.abort();
        cancel();
        return [run];
      },
      'subscriptions and iterations': (accounts) => {
        const unsubscribe = accounts.subscribeBatchMetrics(noop);
        accounts.subscribeBatchMetrics(noop, { signal: AbortSignal.timeout(1) });
        void accounts.batchMetrics()[Symbol.asyncIterator]().next();
        unsubscribe();
        return [];
      },
      'the state': (accounts) => {
        expect(accounts.pending).toBeGreaterThanOrEqual(0);
        return [];
      },
    };

    for (const [place, arrange] of Object.entries(places)) {
      test.each(Object.keys(acts))(`${place}: %s`, async (act) => {
        const runs: { outcome: { state: string } }[] = [];
        const controller = new AbortController();
        let calls = 0;
        const inside = () => {
          if (calls++ > 0) return;
          const made = acts[act]?.(accounts, () => controller.abort()) as Promise<unknown>[];
          runs.push(...made.map(watch));
        };
        const { options, start } = arrange(inside);
        const active = new Set<string>();
        const alone =
          (callback: (...args: unknown[]) => unknown = () => ({})) =>
          async (key: string, ...args: unknown[]) => {
            expect(active.has(key)).toBe(false);
            active.add(key);
            try {
              return await callback(key, ...args);
            } finally {
              active.delete(key);
            }
          };
        const { loadResource, saveResource, ...others } = (options ?? {}) as Record<string, never>;
        const accounts = startProcessor<object>({
          minDuration: 0,
          ...others,
          loadResource: loadResource ?? alone(),
          saveResource: saveResource ?? alone(),
        });
        start?.(accounts, runs);
        runs.push(watch(accounts.run('alice', noop)));
        runs.push(watch(accounts.run('alice', noop, { signal: controller.signal })));
        runs.push(watch(accounts.run('dave', noop)));
        await accounts.flush();
        await settleDown();
        expect(calls).toBeGreaterThan(0);
        if (act !== 'stop()') runs.push(watch(accounts.run('alice', noop)));
        await accounts.flush();
        await accounts.stop();
        await settleDown();
        expect(runs.map((run) => run.outcome.state)).not.toContain('pending');
        expect(accounts.pending).toBe(0);
      });
    }
  });

  test("an abort listener of the batch's signal that throws is an uncaught error and disturbs nothing", async () => {
    const { code, stdout, stderr } = await inChild(`
      process.on('uncaughtException', (error) => print('uncaught ' + error));
      const accounts = startProcessor({
        minDuration: 0,
        maxDuration: 20,
        loadResource: (key, { signal }) => new Promise((resolve) => {
          signal.addEventListener('abort', () => { resolve({}); throw 'listener of ' + key });
          if (key === 'fast') resolve({});
        }),
      });
      print(await accounts.run('fast', () => 1));
      print(await accounts.run('slow', () => 2));
      await accounts.stop();
      await new Promise((resolve) => setTimeout(resolve, 10));
    `);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n').filter(Boolean).sort()).toEqual([
      '1',
      '2',
      'uncaught listener of fast',
      'uncaught listener of slow',
    ]);
  });

  test('handled rejections leave nothing unhandled behind', async () => {
    const { code, stdout, stderr } = await inChild(`
      process.on('unhandledRejection', (reason) => print('unhandled ' + reason));
      const accounts = startProcessor({
        minDuration: 0,
        loadResource: (key) => (key === 'load' ? Promise.reject('disk') : {}),
        saveResource: () => Promise.reject('disk'),
      });
      const controller = new AbortController();
      const { signal } = controller;
      const runs = [
        accounts.run('load', () => {}),
        accounts.run('save', () => {}),
        accounts.run('save', () => { throw 'refused' }),
        accounts.run('save', async () => { throw 'async' }),
        accounts.run('save', () => {}, { signal }),
        accounts.run({}, () => {}),
        accounts.run('save', () => {}, { signal: AbortSignal.abort() }),
      ];
      controller.abort();
      accounts.flush();
      accounts.stop();
      runs.push(accounts.run('late', () => {}));
      print((await Promise.allSettled(runs)).map((result) => result.status[0]).join(''));
      await new Promise((resolve) => setTimeout(resolve, 10));
    `);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'rrrrrrrr\n', stderr: '' });
  });

  test('a rejection that its caller does not handle is an unhandled rejection, once for each run', async () => {
    const { stdout } = await inChild(`
      process.on('unhandledRejection', (reason) => print('unhandled ' + reason.code));
      const accounts = startProcessor({ minDuration: 0, loadResource: () => Promise.reject('disk') });
      accounts.run('alice', () => {});
      accounts.run('alice', () => {});
      accounts.flush();
    `);
    expect(stdout).toBe('unhandled ERR_LOAD_FAILED\nunhandled ERR_LOAD_FAILED\n');
  });

  test('processors have nothing in common', async () => {
    const one = startProcessor<string>({ minDuration: 0, loadResource: () => 'one' });
    const other = startProcessor<string>({ minDuration: 0, loadResource: () => 'other' });
    const runs = [one.run('alice', (each) => each), other.run('alice', (each) => each)];
    watch(one.stop());
    expect(await Promise.all(runs)).toEqual(['one', 'other']);
    expect(await other.run('alice', (each) => each)).toBe('other');
  });
});

/** A promise of a value, even of a revoked proxy or a thenable-looking one, without looking at it. */
function deferredValue<T>(value: T): Promise<T> {
  return Promise.resolve().then(() => value);
}

function withThenGetter(inside: () => void): object {
  return Object.defineProperty({}, 'then', {
    get: () => {
      inside();
      return undefined;
    },
  });
}
