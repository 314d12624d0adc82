import { BatchError, type BatchMetric, startProcessor } from 'groupcommit';
import { describe, expect, test, vi } from 'vitest';

/** A processor that logs its calls, with a lock made by `lockResource`. */
function logged(lockResource: () => unknown) {
  const log: string[] = [];
  const processor = startProcessor<{ n: number }>({
    minDuration: 0,
    lockResource: lockResource as never,
    loadResource: async (key) => {
      log.push(`load ${key}`);
      return { n: 0 };
    },
    saveResource: async (key) => void log.push(`save ${key}`),
  });
  return { log, processor };
}

describe('The lock', () => {
  test('is called before loadResource, with the key and the signal of the batch', async () => {
    const seen: unknown[] = [];
    const processor = startProcessor({
      minDuration: 0,
      lockResource: (key, { signal }) => void seen.push('lock', key, signal),
      loadResource: (key, { signal }) => void seen.push('load', key, signal),
    });
    await processor.run('alice', () => {});
    expect(seen.filter((item) => typeof item === 'string')).toEqual(['lock', 'alice', 'load', 'alice']);
    expect(seen[2]).toBe(seen[5]);
    expect(seen[2]).toBeInstanceOf(AbortSignal);
  });

  test('the load begins when it has resolved', async () => {
    let acquire = (_release: () => void) => {};
    const { log, processor } = logged(() => new Promise((resolve) => (acquire = resolve)));
    const run = processor.run('alice', (resource) => ++resource.n);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(log).toEqual([]);
    acquire(() => log.push('release'));
    expect(await run).toBe(1);
    expect(log).toEqual(['load alice', 'save alice', 'release']);
  });

  test('is released exactly once, after the save has settled, before the runs settle, for each batch', async () => {
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
  ])('is released exactly once after %s', async (_, functions) => {
    const release = vi.fn();
    const processor = startProcessor({ minDuration: 0, lockResource: () => release, ...functions });
    await expect(processor.run('alice', () => {})).rejects.toBeInstanceOf(BatchError);
    expect(release).toHaveBeenCalledOnce();
  });

  test('is released when nothing was changed, and nothing saved', async () => {
    const release = vi.fn();
    const { log, processor } = logged(async () => release);
    await processor.read('alice', () => {});
    expect(release).toHaveBeenCalledOnce();
    expect(log).toEqual(['load alice']);
  });

  test('may be undefined: there is nothing to release', async () => {
    const { log, processor } = logged(async () => undefined);
    await processor.run('alice', () => {});
    expect(log).toEqual(['load alice', 'save alice']);
  });

  test.each<[string, () => unknown, unknown]>([
    ['rejects', () => Promise.reject('taken'), 'taken'],
    ['throws', () => { throw null; }, null], // biome-ignore format: one line
  ])('that %s ends the batch: ERR_LOCK_FAILED, phase lock, and nothing is loaded', async (_, lock, cause) => {
    const { log, processor } = logged(lock);
    const metrics: BatchMetric[] = [];
    processor.subscribeBatchMetrics((metric) => metrics.push(metric));
    const runs = await Promise.allSettled([
      processor.run('alice', () => 1),
      processor.read('alice', () => 2),
    ]);
    const errors = runs.map((run) => run.status === 'rejected' && run.reason);
    for (const error of errors) {
      expect(error).toBeInstanceOf(BatchError);
      expect(error).toMatchObject({
        code: 'ERR_LOCK_FAILED',
        phase: 'lock',
        key: 'alice',
        operationCount: 0,
        cause,
      });
    }
    expect(errors[0]).not.toBe(errors[1]);
    expect(log).toEqual([]);
    expect(metrics).toHaveLength(1);
    expect(metrics[0]?.error).toMatchObject({ code: 'ERR_LOCK_FAILED' });
  });

  test.each([['a string'], [{}], [null], [7]])(
    'that gives %j instead of a function has failed with a TypeError',
    async (value) => {
      for (const lock of [() => value, async () => value]) {
        const { log, processor } = logged(lock);
        const error = await processor.run('alice', () => {}).catch((reason) => reason);
        expect(error).toMatchObject({ code: 'ERR_LOCK_FAILED', phase: 'lock' });
        expect(error.cause).toBeInstanceOf(TypeError);
        expect(log).toEqual([]);
      }
    },
  );

  test('gives up when the signal aborts at maxDuration, if it heeds it', async () => {
    const processor = startProcessor({
      minDuration: 10,
      maxDuration: 20,
      lockResource: (_key, { signal }) =>
        new Promise<() => void>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    });
    const error = await processor.run('alice', () => {}).catch((reason) => reason);
    expect(error).toMatchObject({ code: 'ERR_LOCK_FAILED', cause: { name: 'TimeoutError' } });
  });

  test('a release that throws is reported as an uncaught error, and changes nothing else', async () => {
    const uncaught = vi.fn();
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException').on('uncaughtException', uncaught);
    try {
      const { processor } = logged(() => () => { throw new Error('stuck'); }); // biome-ignore format: one line
      expect(await processor.run('alice', (resource) => ++resource.n)).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 10));
      expect(uncaught).toHaveBeenCalledOnce();
      expect(uncaught.mock.calls[0]?.[0]).toMatchObject({ message: 'stuck' });
    } finally {
      process.removeAllListeners('uncaughtException');
      for (const listener of listeners) process.on('uncaughtException', listener);
    }
  });

  test('metrics have lockResourceDuration', async () => {
    const { processor } = logged(() => new Promise((resolve) => setTimeout(resolve, 20, () => {})));
    const metrics: BatchMetric[] = [];
    processor.subscribeBatchMetrics((metric) => metrics.push(metric));
    await processor.run('alice', () => {});
    expect(metrics[0]?.lockResourceDuration).toBeGreaterThan(10);
  });

  test.each([[null], ['lock'], [{}]])(
    'an option that is no function throws a TypeError that names it: %j',
    (lockResource) => {
      expect(() => startProcessor({ lockResource: lockResource as never })).toThrow(/lockResource/);
      expect(() => startProcessor({ lockResource: lockResource as never })).toThrow(TypeError);
    },
  );
});
