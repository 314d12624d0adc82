import { BatchError, type BatchMetric, startProcessor } from 'groupcommit';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  afterMicrotasks,
  type Batch,
  type Counter,
  deferred,
  increment,
  logged,
  type Metric,
  noop,
  open,
  settleDown,
  watch,
} from './support.js';

afterEach(() => {
  vi.useRealTimers();
});

describe('The lock', () => {
  test('By default there is none.', async () => {
    const { accounts, loads } = open();
    const loaded = afterMicrotasks(() => loads.length);
    await Promise.resolve();
    watch(accounts.run('alice', noop));
    expect(await loaded).toBe(1);
  });

  test('It is called before loadResource, at once when the batch starts, with the key and the batch', async () => {
    const seen: unknown[] = [];
    const processor = startProcessor({
      minDuration: 0,
      lockResource: (...args) => void seen.push('lock', ...args),
      loadResource: (...args) => void seen.push('load', ...args),
    });
    const begun = afterMicrotasks(() => seen[0]);
    await Promise.resolve();
    const run = processor.run('alice', noop);
    expect(await begun).toBe('lock');
    await run;
    const batch = seen[2] as Batch;
    expect(seen).toEqual(['lock', 'alice', batch, 'load', 'alice', batch]);
    expect(seen[5]).toBe(batch);
    expect(batch).toMatchObject({ key: 'alice', signal: expect.any(AbortSignal) });
  });

  test('The load begins when it has resolved', async () => {
    let acquire = (_release: () => void) => {};
    const { log, processor } = logged(() => new Promise((resolve) => (acquire = resolve)));
    const run = processor.run('alice', (resource) => ++resource.n);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(log).toEqual([]);
    acquire(() => log.push('release'));
    expect(await run).toBe(1);
    expect(log).toEqual(['load alice', 'save alice', 'release']);
  });

  test('The release function is called exactly once, after the save has settled', async () => {
    const { log, processor } = logged(() => () => log.push('release'));
    await processor.run('alice', () => {}).then(() => log.push('settled'));
    await processor.run('alice', () => {}).then(() => log.push('settled'));
    const once = ['load alice', 'save alice', 'release', 'settled'];
    expect(log).toEqual([...once, ...once]);
  });

  test.each<[string, object]>([
    ['a load that fails', { loadResource: () => Promise.reject(new Error('no')) }],
    ['a load that throws', { loadResource: () => { throw new Error('no'); } }], // biome-ignore format: one line
    ['a save that fails', { saveResource: () => Promise.reject(new Error('no')) }],
  ])('The release function is called exactly once: after %s', async (_, functions) => {
    const release = vi.fn();
    const processor = startProcessor({ minDuration: 0, lockResource: () => release, ...functions });
    await expect(processor.run('alice', () => {})).rejects.toBeInstanceOf(BatchError);
    expect(release).toHaveBeenCalledOnce();
  });

  test('The release function is called exactly once: where nothing was changed, and nothing saved', async () => {
    const release = vi.fn();
    const { log, processor } = logged(async () => release);
    await processor.read('alice', () => {});
    expect(release).toHaveBeenCalledOnce();
    expect(log).toEqual(['load alice']);
  });

  test('It returns, or resolves to, the function that releases the lock, or undefined if there is nothing to release', async () => {
    const { log, processor } = logged(async () => undefined);
    await processor.run('alice', () => {});
    expect(log).toEqual(['load alice', 'save alice']);
  });

  test('Metrics have lockResourceDuration', async () => {
    const { processor } = logged(() => new Promise((resolve) => setTimeout(resolve, 20, () => {})));
    const metrics: BatchMetric[] = [];
    processor.subscribeBatchMetrics((metric) => metrics.push(metric));
    await processor.run('alice', () => {});
    expect(metrics[0]?.lockResourceDuration).toBeGreaterThan(10);
  });

  test('lockResource resolves to the function that releases the lock', async () => {
    const release = vi.fn();
    for (const lock of [async () => release, () => release]) await logged(lock).processor.run('alice', noop);
    expect(release.mock.calls).toEqual([[], []]);
  });

  test('Without the option nothing is locked', async () => {
    const accounts = startProcessor<Counter>({ minDuration: 0, loadResource: () => ({ count: 0 }) });
    const metrics: Metric[] = [];
    accounts.subscribeBatchMetrics((metric) => void metrics.push(metric));
    expect(await accounts.run('alice', increment)).toBe(1);
    expect(metrics[0]?.lockResourceDuration).toBe(0);
  });

  test("The window and maxDuration count from the batch's start all the same", async () => {
    vi.useFakeTimers();
    const locked = deferred<undefined>();
    const { accounts, loads, saves } = open({
      minDuration: 100,
      maxDuration: 150,
      lockResource: () => locked.promise,
    });
    watch(accounts.run('alice', increment));
    await vi.advanceTimersByTimeAsync(60);
    expect(loads).toHaveLength(0);
    locked.resolve(undefined);
    await settleDown();
    await loads[0]?.succeed({ count: 0 });
    await vi.advanceTimersByTimeAsync(39);
    expect(saves).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(saves).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(49);
    expect(saves[0]?.batch.signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(saves[0]?.batch.signal.aborted).toBe(true);
  });

  test('What it returns is not the resource, also where nothing is loaded', async () => {
    const accounts = startProcessor<unknown>({ minDuration: 0, lockResource: () => noop });
    expect(await accounts.run('alice', (resource) => resource)).toBe(undefined);
  });
});
