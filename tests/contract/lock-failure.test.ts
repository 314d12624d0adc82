import { BatchError, type BatchMetric, startProcessor } from 'groupcommit';
import { describe, expect, test, vi } from 'vitest';
import { logged } from './support.js';

describe('The lock', () => {
  test.each<[string, () => unknown, unknown]>([
    ['rejects', () => Promise.reject('taken'), 'taken'],
    ['throws', () => { throw null; }, null], // biome-ignore format: one line
  ])(
    "ends the batch like a load that fails, with code 'ERR_LOCK_FAILED' and phase 'lock' (it %s)",
    async (_, lock, cause) => {
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
    },
  );

  test.each([['a string'], [{}], [null], [7]])(
    'anything else is a TypeError, and the lock has failed (%j)',
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

  test('or gives up because the signal has aborted: at maxDuration, if it heeds it', async () => {
    const processor = startProcessor({
      minDuration: 10,
      maxDuration: 20,
      lockResource: (_key, { signal }) =>
        new Promise<() => void>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    });
    const error = await processor.run('alice', () => {}).catch((reason) => reason);
    expect(error).toMatchObject({ code: 'ERR_LOCK_FAILED', cause: { name: 'TimeoutError' } });
  });

  test('One that throws is reported the way the platform reports an uncaught error, and changes nothing else', async () => {
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
});
