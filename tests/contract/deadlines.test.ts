import { startProcessor } from 'groupcommit';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { increment, minute, noop, open, settleDown, watch } from './support.js';

afterEach(() => {
  vi.useRealTimers();
});

/** Blocks the event loop, without work. */
const block = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

describe('What a late timer took from the window (a hidden page, a blocked event loop)', () => {
  test('it does not take from the time that is left to save: the abort moves with it', async () => {
    let saveBegan = 0;
    let abortedThen: boolean | undefined;
    const accounts = startProcessor<object>({
      minDuration: 20,
      maxDuration: 120,
      loadResource: () => ({}),
      saveResource: (_key, _resource, { signal }) => {
        saveBegan = performance.now();
        abortedThen = signal.aborted;
        return new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      },
    });
    const run = accounts.run('alice', noop);
    await settleDown();
    block(200);
    await run;
    expect(abortedThen).toBe(false);
    // 100 ms are left from the window's end, which is a few microtasks before the save begins.
    expect(performance.now() - saveBegan).toBeGreaterThan(90);
  });

  test('the abort moves with it (also where others have to be aborted before)', async () => {
    const accounts = startProcessor<object>({
      minDuration: 20,
      maxDuration: 60,
      loadResource: (key, { signal }) =>
        key === 'hangs'
          ? new Promise<object>((resolve) => signal.addEventListener('abort', () => resolve({})))
          : {},
      saveResource: (_key, _resource, { signal }) => signal.aborted && Promise.reject(signal.reason),
    });
    const runs = ['hangs', 'alice', 'bob'].map((key) => watch(accounts.run(key, noop)));
    await settleDown();
    block(100);
    await accounts.stop();
    expect(runs.map((run) => run.outcome.state)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
  });
});

describe('A timer that fires for a deadline has reached it, whatever the clock says then', () => {
  test.each([
    ['only timers are faked', ['setTimeout', 'clearTimeout']],
    ['the wall clock too, not the monotonic one', ['setTimeout', 'clearTimeout', 'Date']],
  ] as const)('%s', async (_, toFake) => {
    vi.useFakeTimers({ toFake: [...toFake] });
    const { accounts, loads, saves } = open({ minDuration: minute, maxDuration: 3 * minute });
    watch(accounts.run('alice', increment));
    await settleDown();
    await loads[0]?.succeed({ count: 0 });
    await vi.advanceTimersByTimeAsync(minute - 100);
    expect(saves).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(100);
    expect(saves).toHaveLength(1);
    expect(saves[0]?.batch.signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(3 * minute);
    expect(saves[0]?.batch.signal.reason).toMatchObject({ name: 'TimeoutError' });
  });

  test('also where the clock has been set back, or stands still', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const { accounts, loads, saves } = open({ minDuration: minute });
    watch(accounts.run('alice', increment));
    await settleDown();
    await loads[0]?.succeed({ count: 0 });
    const clock = vi.spyOn(performance, 'now').mockReturnValue(-1e9);
    await vi.advanceTimersByTimeAsync(minute);
    clock.mockRestore();
    expect(saves).toHaveLength(1);
  });
});

describe('one that was lost (faked timers put back) delays no other key', () => {
  test.each([
    ['a longer window than that left behind', 40, 20],
    ['a shorter window', 20, 40],
  ])('%s', async (_, own, left) => {
    const lost = startProcessor<object>({ minDuration: left, loadResource: () => ({}) });
    const accounts = startProcessor<object>({ minDuration: own, loadResource: () => ({}) });
    vi.useFakeTimers();
    const behind = [lost, accounts].map((processor) => watch(processor.run('left behind', noop)));
    await settleDown();
    vi.useRealTimers();
    // They settle, or this test times out.
    expect(await Promise.all([accounts.run('alice', () => 'ran'), lost.run('bob', () => 'ran')])).toEqual([
      'ran',
      'ran',
    ]);
    await Promise.all([lost.stop(), accounts.stop()]);
    expect(behind.map((run) => run.outcome.state)).toEqual(['fulfilled', 'fulfilled']);
  });
});
