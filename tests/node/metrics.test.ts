import { getEventListeners } from 'node:events';
import { BatchError, startProcessor } from 'groupcommit';
import { describe, expect, test } from 'vitest';
import { heldStore, inChild, settleDown, watch } from './support.js';

interface Counter {
  count: number;
}
const noop = () => {};
const minute = 60_000;
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

type Metric = Parameters<
  Parameters<ReturnType<typeof startProcessor<Counter>>['subscribeBatchMetrics']>[0]
>[0];

function collecting(options: object = {}) {
  const { loads, saves, ...store } = heldStore<Counter>();
  const accounts = startProcessor<Counter>({ ...store, minDuration: 0, ...options });
  const metrics: Metric[] = [];
  accounts.subscribeBatchMetrics((metric) => void metrics.push(metric));
  return { accounts, loads, saves, metrics };
}

/** Runs one batch on `key` from beginning to end. */
async function oneBatch(
  { accounts, loads, saves }: Omit<ReturnType<typeof collecting>, 'metrics'>,
  key = 'alice',
) {
  const run = watch(accounts.run(key, noop));
  await settleDown();
  await loads.at(-1)?.succeed({ count: 0 });
  await saves.at(-1)?.succeed();
  expect(run.outcome.state).toBe('fulfilled');
}

describe('Metrics', () => {
  describe('One per ended batch', () => {
    test('not before it has ended', async () => {
      const { accounts, loads, saves, metrics } = collecting();
      watch(accounts.run('alice', noop));
      watch(accounts.run('alice', noop));
      await settleDown();
      await loads[0]?.succeed({ count: 0 });
      expect(metrics).toHaveLength(0);
      await saves[0]?.succeed();
      expect(metrics).toHaveLength(1);
    });

    test('of each key and each batch', async () => {
      const processor = collecting();
      await oneBatch(processor, 'alice');
      await oneBatch(processor, 'bob');
      await oneBatch(processor, 'alice');
      expect(processor.metrics.map((metric) => metric.resourceKey)).toEqual(['alice', 'bob', 'alice']);
    });

    test('also of one that saved nothing, and of one whose runs were all cancelled', async () => {
      const { accounts, loads, metrics } = collecting();
      const controller = new AbortController();
      watch(accounts.read('alice', noop));
      watch(accounts.run('bob', noop, { signal: controller.signal }));
      await settleDown();
      controller.abort();
      await loads[0]?.succeed({ count: 0 });
      await loads[1]?.succeed({ count: 0 });
      expect(metrics.map((metric) => [metric.resourceKey, metric.operationCount, metric.error])).toEqual([
        ['alice', 1, undefined],
        ['bob', 0, undefined],
      ]);
    });

    test.each(['load', 'save'] as const)('failed ones too: %s', async (phase) => {
      const { accounts, loads, saves, metrics } = collecting();
      const cause = new Error('disk');
      watch(accounts.run('alice', noop));
      await settleDown();
      if (phase === 'load') await loads[0]?.fail(cause);
      else {
        await loads[0]?.succeed({ count: 0 });
        await saves[0]?.fail(cause);
      }
      expect(metrics).toHaveLength(1);
      expect(metrics[0]?.error).toBeInstanceOf(BatchError);
      expect(metrics[0]?.error).toMatchObject({
        code: phase === 'load' ? 'ERR_LOAD_FAILED' : 'ERR_SAVE_FAILED',
        phase,
        key: 'alice',
        operationCount: phase === 'load' ? 0 : 1,
        cause,
      });
      expect(metrics[0]).toMatchObject({ resourceKey: 'alice', operationCount: phase === 'load' ? 0 : 1 });
    });

    test.each([undefined, null, 0, ''])('a failure with the cause %o is an error too', async (cause) => {
      const { accounts, loads, metrics } = collecting();
      watch(accounts.run('alice', noop));
      await settleDown();
      await loads[0]?.fail(cause);
      expect(metrics[0]?.error).toBeInstanceOf(BatchError);
      expect(metrics[0]?.error?.cause).toBe(cause);
    });

    test('to every subscriber', async () => {
      const processor = collecting();
      const seen: string[] = [];
      processor.accounts.subscribeBatchMetrics(() => void seen.push('second'));
      processor.accounts.subscribeBatchMetrics(() => void seen.push('third'));
      await oneBatch(processor);
      expect(processor.metrics).toHaveLength(1);
      expect(seen).toEqual(['second', 'third']);
    });

    test('to one that subscribed while the batch was under way', async () => {
      const { accounts, loads, saves } = collecting();
      watch(accounts.run('alice', noop));
      await settleDown();
      await loads[0]?.succeed({ count: 0 });
      const metrics: Metric[] = [];
      accounts.subscribeBatchMetrics((metric) => void metrics.push(metric));
      await saves[0]?.succeed();
      expect(metrics).toMatchObject([{ resourceKey: 'alice', operationCount: 1 }]);
      expect(metrics[0]?.batchStart).toBeInstanceOf(Date);
    });

    test("at the latest when the batch's runs settle", async () => {
      const { accounts, loads, saves, metrics } = collecting();
      const seen: number[] = [];
      for (const fails of [false, true]) {
        const look = () => void seen.push(metrics.length);
        accounts.run('alice', noop).then(look, look);
        await settleDown();
        await loads.at(-1)?.succeed({ count: 0 });
        if (fails) await saves.at(-1)?.fail(new Error('disk'));
        else await saves.at(-1)?.succeed();
      }
      expect(seen).toEqual([1, 2]);
    });
  });

  describe('{ batchStart, resourceKey, operationCount, loadResourceDuration, saveResourceDuration, totalDuration, error? }', () => {
    test('are its properties', async () => {
      const processor = collecting();
      await oneBatch(processor);
      const metric = processor.metrics[0] as Metric;
      for (const name of [
        'operationCount',
        'loadResourceDuration',
        'saveResourceDuration',
        'totalDuration',
      ] as const) {
        expect(metric[name], name).toEqual(expect.any(Number));
      }
      expect(metric.batchStart).toBeInstanceOf(Date);
      expect(metric.resourceKey).toBe('alice');
      expect(metric.error).toBeUndefined();
    });

    test("batchStart is a Date, the time of the batch's start", async () => {
      const { accounts, loads, saves, metrics } = collecting();
      await sleep(20);
      const before = Date.now();
      watch(accounts.run('alice', noop));
      const after = Date.now();
      await sleep(20);
      await loads[0]?.succeed({ count: 0 });
      await saves[0]?.succeed();
      const { batchStart } = metrics[0] as Metric;
      expect(batchStart).toBeInstanceOf(Date);
      // The wall clock and the monotonic clock that it may be derived from differ by a millisecond or two.
      expect(batchStart.getTime()).toBeGreaterThanOrEqual(before - 5);
      expect(batchStart.getTime()).toBeLessThanOrEqual(after + 5);
    });

    test.each([1, '1', '', '__proto__', '\ud800', -0.5])('resourceKey is the very key: %o', async (key) => {
      const accounts = startProcessor<Counter, string | number>({ minDuration: 0 });
      const metrics: unknown[] = [];
      accounts.subscribeBatchMetrics((metric) => void metrics.push(metric.resourceKey));
      await accounts.run(key, noop);
      expect(metrics).toEqual([key]);
    });

    test('operationCount counts the operations that ran', async () => {
      const { accounts, loads, saves, metrics } = collecting({ minDuration: minute });
      const controller = new AbortController();
      watch(accounts.run('alice', noop));
      watch(accounts.update('alice', (counter) => counter));
      watch(accounts.read('alice', noop));
      watch(
        accounts.run('alice', () => {
          throw new Error('refused');
        }),
      );
      watch(accounts.run('alice', (() => Promise.resolve()) as never));
      watch(accounts.run('alice', noop, { signal: controller.signal }));
      await settleDown();
      controller.abort();
      await loads[0]?.succeed({ count: 0 });
      watch(accounts.run('alice', noop));
      watch(accounts.flush());
      watch(accounts.run('alice', noop));
      await settleDown();
      await saves[0]?.succeed();
      expect(metrics.map((metric) => metric.operationCount)).toEqual([6]);
    });

    test('the durations are in ms, fractions kept', async () => {
      const metrics: Metric[] = [];
      const inside: { load: number; save: number; total: number }[] = [];
      let spent = { load: 0, save: 0, total: 0 };
      const timed = async (phase: 'load' | 'save', ms: number) => {
        const start = performance.now();
        await sleep(ms);
        spent[phase] = performance.now() - start;
      };
      const accounts = startProcessor<unknown>({
        minDuration: 30,
        loadResource: () => timed('load', 12),
        saveResource: () => timed('save', 6),
      });
      accounts.subscribeBatchMetrics((metric) => void metrics.push(metric));
      for (let batch = 0; batch < 5; batch++) {
        spent = { load: 0, save: 0, total: 0 };
        const start = performance.now();
        await accounts.run('alice', noop);
        spent.total = performance.now() - start;
        inside.push(spent);
      }
      for (const [batch, metric] of metrics.entries()) {
        const { load, save, total } = inside[batch] as (typeof inside)[0];
        const { loadResourceDuration, saveResourceDuration, totalDuration } = metric;
        expect(loadResourceDuration).toBeGreaterThanOrEqual(load);
        expect(saveResourceDuration).toBeGreaterThanOrEqual(save);
        expect(totalDuration).toBeGreaterThanOrEqual(30 + save);
        expect(totalDuration).toBeGreaterThanOrEqual(loadResourceDuration + saveResourceDuration);
        expect(totalDuration).toBeLessThanOrEqual(total);
        expect(loadResourceDuration).toBeLessThanOrEqual(total - save);
      }
      for (const name of ['loadResourceDuration', 'saveResourceDuration', 'totalDuration'] as const) {
        expect(metrics.some((metric) => !Number.isInteger(metric[name]))).toBe(true);
      }
    });

    test('0 for what did not take place', async () => {
      const { accounts, loads, metrics } = collecting();
      watch(accounts.read('alice', noop));
      watch(accounts.run('bob', noop));
      await sleep(5);
      await loads[0]?.succeed({ count: 0 });
      await loads[1]?.fail(new Error('disk'));
      expect(metrics.map((metric) => [metric.resourceKey, metric.saveResourceDuration])).toEqual([
        ['alice', 0],
        ['bob', 0],
      ]);
      for (const metric of metrics) expect(metric.loadResourceDuration).toBeGreaterThan(0);
    });
  });

  describe('subscribeBatchMetrics(callback, { signal }?)', () => {
    test('returns an unsubscribe function', async () => {
      const processor = collecting();
      let seen = 0;
      const unsubscribe = processor.accounts.subscribeBatchMetrics(() => void seen++);
      await oneBatch(processor);
      expect(unsubscribe()).toBeUndefined();
      await oneBatch(processor);
      unsubscribe();
      await oneBatch(processor);
      expect(seen).toBe(1);
      expect(processor.metrics).toHaveLength(3);
    });

    test('unsubscribes when the signal aborts, and leaves no listener on it', async () => {
      const processor = collecting();
      const controller = new AbortController();
      let seen = 0;
      processor.accounts.subscribeBatchMetrics(() => void seen++, { signal: controller.signal });
      await oneBatch(processor);
      controller.abort();
      await oneBatch(processor);
      expect(seen).toBe(1);
      expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
      const other = new AbortController();
      processor.accounts.subscribeBatchMetrics(noop, { signal: other.signal })();
      expect(getEventListeners(other.signal, 'abort')).toEqual([]);
    });

    test('with a signal that has aborted does not subscribe', async () => {
      const processor = collecting();
      let seen = 0;
      const unsubscribe = processor.accounts.subscribeBatchMetrics(() => void seen++, {
        signal: AbortSignal.abort(),
      });
      await oneBatch(processor);
      expect(seen).toBe(0);
      unsubscribe();
    });

    test.each([undefined, null, 'callback', {}])(
      'throws a TypeError where the callback is %o',
      (callback) => {
        expect(() => startProcessor().subscribeBatchMetrics(callback as never)).toThrow(TypeError);
      },
    );

    test.each(['signal', {}, new EventTarget()])('throws a TypeError where the signal is %o', (signal) => {
      expect(() => startProcessor().subscribeBatchMetrics(noop, { signal: signal as never })).toThrow(
        TypeError,
      );
    });

    test('a subscriber may unsubscribe itself or others, or subscribe more, meanwhile', async () => {
      const processor = collecting();
      const seen: string[] = [];
      const first = processor.accounts.subscribeBatchMetrics(() => {
        seen.push('first');
        first();
        processor.accounts.subscribeBatchMetrics(() => void seen.push('third'));
      });
      processor.accounts.subscribeBatchMetrics(() => void seen.push('second'));
      await oneBatch(processor);
      expect(seen.slice(0, 2)).toEqual(['first', 'second']);
      seen.length = 0;
      await oneBatch(processor);
      expect(seen).toEqual(['second', 'third']);
    });
  });

  describe('a callback that throws', () => {
    test('is reported the way the platform reports an uncaught error', async () => {
      const { code, stdout, stderr } = await inChild(`
        const error = new Error('subscriber');
        process.on('uncaughtException', (uncaught) => print(uncaught === error ? 'uncaught' : 'another ' + uncaught));
        process.on('unhandledRejection', (reason) => print('unhandled rejection ' + reason));
        const accounts = startProcessor({ minDuration: 0 });
        accounts.subscribeBatchMetrics(() => { throw error });
        await accounts.run('alice', () => {});
        await new Promise((resolve) => setTimeout(resolve, 10));
      `);
      expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'uncaught\n', stderr: '' });
    });

    test('ends the process where nobody handles it', async () => {
      const { code, stderr } = await inChild(`
        const accounts = startProcessor({ minDuration: 0 });
        accounts.subscribeBatchMetrics(() => { throw new Error('from the subscriber') });
        await accounts.run('alice', () => {});
        await new Promise((resolve) => setTimeout(resolve, 1000));
        process.exit(0);
      `);
      expect(code).toBe(1);
      expect(stderr).toContain('from the subscriber');
    });

    test('and disturbs nothing else', async () => {
      const { code, stdout, stderr } = await inChild(`
        process.on('uncaughtException', (uncaught) => print('uncaught ' + String(uncaught)));
        const accounts = startProcessor({ minDuration: 0, loadResource: (key) => { if (key === 'bad') throw new Error('disk'); return {} } });
        accounts.subscribeBatchMetrics((metric) => print('before ' + metric.resourceKey));
        accounts.subscribeBatchMetrics(() => { throw undefined });
        accounts.subscribeBatchMetrics(() => { throw null });
        accounts.subscribeBatchMetrics((metric) => print('after ' + metric.resourceKey));
        print(await accounts.run('alice', () => 'value'));
        print(await accounts.run('bad', () => 'value').catch((error) => error.code));
        print(await accounts.run('alice', () => 'again'));
        await accounts.stop();
        await new Promise((resolve) => setTimeout(resolve, 10));
        print('pending ' + accounts.pending);
      `);
      const lines = stdout.split('\n');
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(lines.filter((line) => line.startsWith('uncaught')).sort()).toEqual([
        ...Array(3).fill('uncaught null'),
        ...Array(3).fill('uncaught undefined'),
      ]);
      expect(lines.filter((line) => line !== '' && !line.startsWith('uncaught'))).toEqual([
        'before alice',
        'after alice',
        'value',
        'before bad',
        'after bad',
        'ERR_LOAD_FAILED',
        'before alice',
        'after alice',
        'again',
        'pending 0',
      ]);
    });

    test('one that returns a rejected promise is an unhandled rejection like any other, or is ignored; the runs settle', async () => {
      const { stdout } = await inChild(`
        process.on('unhandledRejection', () => {});
        const accounts = startProcessor({ minDuration: 0 });
        accounts.subscribeBatchMetrics(async () => { throw new Error() });
        print(await accounts.run('alice', () => 'value'));
      `);
      expect(stdout).toBe('value\n');
    });
  });

  describe('for await (const metric of accounts.batchMetrics())', () => {
    test('gives each metric, and ends at stop(), after the last batch’s metric', async () => {
      const { accounts, loads, saves } = collecting();
      const keys: string[] = [];
      let ended = false;
      const loop = (async () => {
        for await (const metric of accounts.batchMetrics()) keys.push(metric.resourceKey);
        ended = true;
      })();
      await oneBatch({ accounts, loads, saves }, 'alice');
      expect(keys).toEqual(['alice']);
      watch(accounts.run('bob', noop));
      await settleDown();
      watch(accounts.stop());
      await settleDown();
      expect(ended).toBe(false);
      await loads[1]?.succeed({ count: 0 });
      expect(ended).toBe(false);
      await saves[1]?.succeed();
      await settleDown();
      expect(keys).toEqual(['alice', 'bob']);
      expect(ended).toBe(true);
      await loop;
    });

    test('ends at stop() where no batch is pending', async () => {
      const { accounts } = collecting();
      const next = accounts.batchMetrics()[Symbol.asyncIterator]().next();
      await accounts.stop();
      expect(await next).toEqual({ done: true, value: undefined });
    });

    test('keeps what has not been read yet, without bound, in order, also beyond stop()', async () => {
      const accounts = startProcessor<Counter, number>({ minDuration: 0 });
      const iterator = accounts.batchMetrics()[Symbol.asyncIterator]();
      const first = iterator.next();
      for (let key = 0; key < 5_000; key++) watch(accounts.run(key, noop));
      await accounts.stop();
      const keys = [(await first).value?.resourceKey];
      for (let next = await iterator.next(); !next.done; next = await iterator.next())
        keys.push(next.value.resourceKey);
      expect(keys).toEqual(Array.from({ length: 5_000 }, (_, key) => key));
      expect(await iterator.next()).toEqual({ done: true, value: undefined });
    });

    test('several nexts at once get a metric each', async () => {
      const processor = collecting();
      const iterator = processor.accounts.batchMetrics()[Symbol.asyncIterator]();
      const nexts = [iterator.next(), iterator.next(), iterator.next()];
      await oneBatch(processor, 'alice');
      await oneBatch(processor, 'bob');
      await processor.accounts.stop();
      const results = await Promise.all(nexts);
      expect(results.map((result) => result.value?.resourceKey)).toEqual(['alice', 'bob', undefined]);
      expect(results[2]?.done).toBe(true);
    });

    test('two iterations get every metric each', async () => {
      const processor = collecting();
      const iterators = [1, 2].map(() => processor.accounts.batchMetrics()[Symbol.asyncIterator]());
      const nexts = iterators.map((iterator) => iterator.next());
      await oneBatch(processor, 'alice');
      expect((await Promise.all(nexts)).map((next) => next.value?.resourceKey)).toEqual(['alice', 'alice']);
    });

    test('leaving the loop ends it: nothing is kept any more', async () => {
      const { code, stdout, stderr } = await inChild(
        `
          const accounts = startProcessor({ minDuration: 0 });
          const kept = [];
          accounts.subscribeBatchMetrics((metric) => kept.push(new WeakRef(metric)));
          setTimeout(() => accounts.run('alice', () => {}), 1);
          for await (const metric of accounts.batchMetrics()) break;
          kept.length = 0;
          for (let run = 0; run < 100; run++) await accounts.run('alice', () => {});
          for (let round = 0; round < 20 && kept.some((reference) => reference.deref()); round++) {
            await new Promise((resolve) => setTimeout(resolve, 5));
            gc();
          }
          print(kept.length + ' batches, ' + kept.filter((reference) => reference.deref()).length + ' metrics kept');
        `,
        { flags: ['--expose-gc'] },
      );
      expect({ code, stdout, stderr }).toEqual({
        code: 0,
        stdout: '100 batches, 0 metrics kept\n',
        stderr: '',
      });
    });

    test('return() ends an iteration whose next is pending', async () => {
      const processor = collecting();
      const iterator = processor.accounts.batchMetrics()[Symbol.asyncIterator]();
      const next = watch(iterator.next());
      watch(iterator.return?.() ?? Promise.reject(new Error('no return')));
      await oneBatch(processor);
      await processor.accounts.stop();
      expect(next.outcome.state).toBe('fulfilled');
      expect(await iterator.next()).toEqual({ done: true, value: undefined });
    });

    test('failed batches too, without ending the loop', async () => {
      const { accounts, loads } = collecting();
      const codes: unknown[] = [];
      const loop = (async () => {
        for await (const metric of accounts.batchMetrics()) codes.push(metric.error?.code);
      })();
      await settleDown();
      for (let batch = 0; batch < 2; batch++) {
        watch(accounts.run('alice', noop));
        await settleDown();
        await loads[batch]?.fail(new Error('disk'));
      }
      await accounts.stop();
      await loop;
      expect(codes).toEqual(['ERR_LOAD_FAILED', 'ERR_LOAD_FAILED']);
    });
  });

  test('Without subscribers metrics cost nothing: none is made', async () => {
    const RealDate = Date;
    let dates = 0;
    globalThis.Date = class extends RealDate {
      constructor(...args: []) {
        super(...args);
        dates++;
      }
    } as DateConstructor;
    try {
      const accounts = startProcessor<Counter>({ minDuration: 0 });
      for (let run = 0; run < 10; run++) await accounts.run('alice', noop);
      const without = dates;
      accounts.subscribeBatchMetrics(noop);
      await accounts.run('alice', noop);
      expect(without, 'Dates made without a subscriber').toBe(0);
      expect(dates, 'Dates made with one').toBeGreaterThan(0);
    } finally {
      globalThis.Date = RealDate;
    }
  });

  test('A subscription made after stop() gets nothing', async () => {
    const { accounts, loads, saves, metrics } = collecting();
    watch(accounts.run('alice', noop));
    watch(accounts.stop());
    let seen = 0;
    const { signal } = new AbortController();
    const unsubscribe = accounts.subscribeBatchMetrics(() => void seen++, { signal });
    await settleDown();
    await loads[0]?.succeed({ count: 0 });
    await saves[0]?.succeed();
    expect(metrics).toHaveLength(1);
    expect(seen).toBe(0);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    unsubscribe();
  });

  test('an iteration begun then ends at once', async () => {
    const { accounts, loads } = collecting();
    watch(accounts.run('alice', noop));
    watch(accounts.stop());
    const next = watch(accounts.batchMetrics()[Symbol.asyncIterator]().next());
    await settleDown();
    expect(loads).toHaveLength(1);
    expect(next.outcome).toEqual({ state: 'fulfilled', value: { done: true, value: undefined } });
  });
});
