import { startProcessor } from 'groupcommit';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Counter, heldStore, minute, noop, settleDown, watch } from './support.js';

afterEach(() => {
  vi.useRealTimers();
});

describe('The signal of a batch', () => {
  test.each(['success', 'a failed load', 'a failed save', 'a batch that saved nothing'])(
    'and with an AbortError after the batch has ended, so that nothing of it lingers: %s',
    async (how) => {
      const { loads, saves, ...store } = heldStore<Counter>();
      const accounts = startProcessor<Counter>({ ...store, minDuration: 0 });
      watch(
        how === 'a batch that saved nothing' ? accounts.read('alice', noop) : accounts.run('alice', noop),
      );
      await settleDown();
      const { signal } = (loads[0] as (typeof loads)[0]).batch;
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
    const { signal } = (loads[0] as (typeof loads)[0]).batch;
    await loads[0]?.succeed({ count: 0 });
    expect(accounts.pending).toBe(0);
    expect(signal.reason.name).toBe('TimeoutError');
    expect(loads[0]?.batch.signal).toBe(signal);
  });

  test('is the same whenever it is read: for the first time after maxDuration', async () => {
    vi.useFakeTimers();
    const { loads, saves, ...store } = heldStore<Counter>();
    const accounts = startProcessor<Counter>({ ...store, minDuration: 10, maxDuration: 20 });
    watch(accounts.run('alice', noop));
    await vi.advanceTimersByTimeAsync(25);
    await loads[0]?.succeed({ count: 0 });
    expect(saves[0]?.batch.signal.aborted).toBe(true);
    expect(saves[0]?.batch.signal.reason.name).toBe('TimeoutError');
    expect(loads[0]?.batch.signal).toBe(saves[0]?.batch.signal);
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
    expect(loads[0]?.batch.signal.aborted).toBe(true);
    expect(loads[0]?.batch.signal.reason.name).toBe('AbortError');
    expect(saves[0]?.batch.signal).toBe(loads[0]?.batch.signal);
    expect(loads[1]?.batch.signal.aborted).toBe(false);
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
