import { mock } from 'node:test';
import { startProcessor } from 'groupcommit';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { heldStore, inChild, settleDown, watch } from '../node/support.js';
import { Clock } from './clock.js';
import { atRest, fulfilled, noop } from './support.js';

describe('Time: whatever is done to timers and clocks, a window closes', () => {
  afterEach(() => {
    mock.timers.reset();
    vi.useRealTimers();
  });

  test('A window closes when setTimeout is faked and performance.now is not', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const accounts = startProcessor({ minDuration: 60_000 });
    const run = watch(accounts.run('alice', () => 'ran'));
    await settleDown();
    // The clock goes on meanwhile: what it has taken from the window is not waited for.
    vi.advanceTimersByTime(50_000);
    await settleDown();
    expect(run.outcome.state).toBe('pending');
    vi.advanceTimersByTime(10_000);
    await settleDown();
    expect(run.outcome).toEqual(fulfilled('ran'));
  });

  test("A window closes with the mock timers of node:test, and so does the next batch's", async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    const accounts = startProcessor({ minDuration: 60_000 });
    for (let batch = 0; batch < 3; batch++) {
      const run = watch(accounts.run('alice', () => 'ran'));
      await settleDown();
      mock.timers.tick(60_000);
      await settleDown();
      expect(run.outcome).toEqual(fulfilled('ran'));
    }
  });

  test('A batch aborts at maxDuration when setTimeout is faked and performance.now is not', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { loads, loadResource } = heldStore<object>();
    const accounts = startProcessor<object>({ loadResource, minDuration: 60_000, maxDuration: 90_000 });
    const run = watch(accounts.run('alice', noop));
    await settleDown();
    vi.advanceTimersByTime(60_000);
    await settleDown();
    vi.advanceTimersByTime(20_000);
    await settleDown();
    expect(loads[0]?.batch.signal.aborted).toBe(false);
    vi.advanceTimersByTime(10_000);
    await settleDown();
    expect(loads[0]?.batch.signal.reason).toMatchObject({ name: 'TimeoutError' });
    await loads[0]?.succeed({});
    expect(run.outcome.state).toBe('fulfilled');
  });

  test('A run that is left behind on faked timers, which are put back, delays no other key', async () => {
    vi.useFakeTimers();
    const accounts = startProcessor({ minDuration: 60_000 });
    const left = watch(accounts.run('alice', () => 'left'));
    await settleDown();
    vi.useRealTimers();
    await settleDown();

    // Other faked timers stand for the real ones, which would have to be waited for.
    vi.useFakeTimers();
    const other = watch(accounts.run('bob', () => 'other'));
    await settleDown();
    vi.advanceTimersByTime(60_000);
    await settleDown();
    expect(other.outcome).toEqual(fulfilled('other'));
    const again = watch(accounts.run('bob', () => 'again'));
    await settleDown();
    vi.advanceTimersByTime(60_000);
    await settleDown();
    expect(again.outcome).toEqual(fulfilled('again'));
    expect((await atRest(accounts.flush())).state).toBe('fulfilled');
    expect(left.outcome).toEqual(fulfilled('left'));
  });

  test.each(['setTimeout', 'clearTimeout'])(
    '%s that throws is reported, and no batch fails by it',
    async (name) => {
      const { code, stdout } = await inChild(`
      const errors = new Set();
      process.on('uncaughtException', (error) => errors.add(error.message));
      globalThis.${name} = () => { throw new Error('no timers'); };
      const accounts = startProcessor({ minDuration: 10, maxOperations: 2 });
      const run = (key) => accounts.run(key, () => key);
      const settled = Promise.all(['alice', 'alice', 'bob'].map(run));
      setImmediate(async () => {
        const again = run('alice');
        await accounts.flush();
        print([...(await settled), await again, ...errors].join());
      });
    `);
      expect([code, stdout]).toEqual([0, 'alice,alice,bob,alice,no timers\n']);
    },
  );

  describe('with synchronous work after run, in the turn in which the batch of another key ends', () => {
    const clock = new Clock();
    afterEach(() => clock.uninstall());

    test.each([-1, 0, 1, 2, 3, 4, 5, 6, 7, 8])(
      'a window closes and its signal aborts on time: run %i microtasks after the save',
      async (step) => {
        clock.now = 0;
        clock.install();
        const { saves, loads, ...store } = heldStore<object>();
        const accounts = startProcessor<object>({ ...store, minDuration: 100, maxDuration: 200 });
        const run = (key: string) => void watch(accounts.run(key, noop));
        run('alice');
        await settleDown();
        await loads[0]?.succeed({});
        await clock.advanceTo(100);
        run('alice');
        await settleDown();
        expect(store.calls.at(-1)).toBe('save alice');

        if (step >= 0) void saves[0]?.succeed();
        for (let microtask = 0; microtask < step; microtask++) await undefined;
        run('bob');
        clock.work(50);
        if (step < 0) void saves[0]?.succeed();
        await settleDown();
        await loads.find(({ key }) => key === 'bob')?.succeed({});
        await clock.advanceTo(199);
        expect(store.calls).not.toContain('save bob');
        await clock.advanceTo(200);
        expect(store.calls).toContain('save bob');
        const { signal } = saves.find(({ key }) => key === 'bob')?.batch ?? {};
        await clock.advanceTo(299);
        expect(signal?.aborted).toBe(false);
        await clock.advanceTo(300);
        expect(signal?.aborted).toBe(true);
      },
    );
  });
});
