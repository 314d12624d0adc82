import { afterEach, describe, expect, test, vi } from 'vitest';
import { conflicting } from './conflicting.js';
import { increment, type Metric, noop, settleDown, watch } from './support.js';

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function measured(options: object = {}) {
  const held = conflicting(options);
  const metrics: Metric[] = [];
  held.accounts.subscribeBatchMetrics((metric) => void metrics.push(metric));
  return { ...held, metrics };
}

describe('Metrics of conflicts', () => {
  test.each([0, 1, 5])(
    'attempts is 1 plus the number of times the batch started over (%d)',
    async (conflicts) => {
      const { accounts, load, conflict, commit, metrics } = measured();
      watch(accounts.run('alice', increment));
      for (let each = 0; each < conflicts; each++) {
        await load();
        await conflict();
        expect(metrics).toEqual([]);
      }
      await load();
      await commit();
      expect(metrics).toMatchObject([{ attempts: conflicts + 1, operationCount: 1 }]);
      expect(metrics[0]?.error).toBeUndefined();
    },
  );

  test('attempts is 1 plus the number of times the batch started over: also if it failed in the end, with its error', async () => {
    const { accounts, load, conflict, metrics } = measured({ retries: 2 });
    const run = watch(accounts.run('alice', increment));
    for (let attempt = 0; attempt < 3; attempt++) {
      await load();
      await conflict();
    }
    expect(metrics).toHaveLength(1);
    expect(metrics[0]).toMatchObject({ attempts: 3, operationCount: 1, error: { code: 'ERR_SAVE_FAILED' } });
    expect(run.outcome.state).toBe('rejected');
  });

  test('attempts is 1 plus the number of times the batch started over: 1 where there are no retries, and where the load failed', async () => {
    const { accounts, loads, load, conflict, metrics } = measured({ retries: 0 });
    watch(accounts.run('alice', increment));
    await load();
    await conflict();
    watch(accounts.run('alice', increment));
    await settleDown();
    await loads[1]?.fail(new Error('disk'));
    expect(metrics.map(({ attempts }) => attempts)).toEqual([1, 1]);
  });

  test('each batch counts its own', async () => {
    const { accounts, load, conflict, commit, metrics } = measured();
    for (const conflicts of [2, 0, 1]) {
      watch(accounts.run('alice', increment));
      for (let each = 0; each < conflicts; each++) {
        await load();
        await conflict();
      }
      await load();
      await commit();
    }
    expect(metrics.map(({ attempts }) => attempts)).toEqual([3, 1, 2]);
  });

  test('operationCount counts the operations that ran (the last time, after a conflict)', async () => {
    const { accounts, load, conflict, commit, metrics } = measured();
    const controller = new AbortController();
    watch(accounts.run('alice', increment));
    watch(accounts.run('alice', noop, { signal: controller.signal }));
    watch(accounts.read('alice', noop));
    watch(
      accounts.run('alice', () => {
        throw new Error('refused');
      }),
    );
    await settleDown();
    controller.abort();
    for (let each = 0; each < 3; each++) {
      await load();
      await conflict();
    }
    await load();
    await commit();
    expect(metrics).toMatchObject([{ attempts: 4, operationCount: 3 }]);
  });

  test('the durations are those of all attempts, and the total has the time between them', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.8);
    const { accounts, load, refuse, commit, metrics } = measured();
    watch(accounts.run('alice', increment));
    const take = async (ms: number) => {
      await settleDown();
      await vi.advanceTimersByTimeAsync(ms);
    };
    await take(100);
    await load();
    await take(30);
    await refuse();
    await take(4);
    await take(200);
    await load();
    await take(50);
    await commit();
    expect(metrics).toMatchObject([
      { attempts: 2, lockResourceDuration: 0, loadResourceDuration: 300, saveResourceDuration: 80 },
    ]);
    expect(metrics[0]?.totalDuration).toBe(384);
  });
});
