import { afterEach, describe, expect, test, vi } from 'vitest';
import { sharing } from './sharing.js';
import { increment, minute, settleDown, watch } from './support.js';

afterEach(() => {
  vi.useRealTimers();
});

const nameOf = (signal: AbortSignal | undefined) => signal?.aborted && (signal.reason as Error).name;

describe("The call's signal aborts when those of all its batches have, and after the call has settled", () => {
  /** Alice has been locked 60 ms before bob, and both load now, with a deadline of 100 ms. */
  async function together() {
    vi.useFakeTimers();
    const locks: ((release: undefined) => void)[] = [];
    const lockResource = () => new Promise<undefined>((resolve) => locks.push(resolve));
    const held = sharing({ minDuration: 0, maxDuration: 100, lockResource });
    await held.runAll(['alice'], increment);
    await vi.advanceTimersByTimeAsync(60);
    await held.runAll(['bob'], increment);
    for (const locked of locks) locked(undefined);
    await settleDown();
    expect(held.loads[0]?.keys).toEqual(['alice', 'bob']);
    return held;
  }
  const aborted = (call?: { signal: AbortSignal; batches: { signal: AbortSignal }[] }) =>
    [call, ...(call?.batches ?? [])].map((each) => each?.signal.aborted);

  test('not before any of theirs', async () => {
    const { loads } = await together();
    const seen: unknown[] = [];
    loads[0]?.signal.addEventListener('abort', () => seen.push(aborted(loads[0])));
    await vi.advanceTimersByTimeAsync(100);
    expect(seen).toEqual([[true, true, true]]);
  });

  test('no batch is given up because another one has been waiting longer', async () => {
    const { loads, saves, load } = await together();
    await vi.advanceTimersByTimeAsync(40);
    expect(aborted(loads[0])).toEqual([false, true, false]);
    await vi.advanceTimersByTimeAsync(59);
    expect(aborted(loads[0])).toEqual([false, true, false]);
    await vi.advanceTimersByTimeAsync(1);
    expect(aborted(loads[0])).toEqual([true, true, true]);
    expect(nameOf(loads[0]?.signal)).toBe('TimeoutError');
    await load();
    expect(saves[0]?.keys).toEqual(['alice', 'bob']);
    expect(aborted(saves[0])).toEqual([true, true, true]);
  });

  test('of those that have aborted before it, no more is asked', async () => {
    const { saves, load } = await together();
    await vi.advanceTimersByTimeAsync(40);
    await load();
    expect(aborted(saves[0])).toEqual([false, true, false]);
    await vi.advanceTimersByTimeAsync(60);
    expect(aborted(saves[0])).toEqual([true, true, true]);
  });

  test('listeners hear of it once', async () => {
    const { loads } = await together();
    const heard: string[] = [];
    loads[0]?.signal.addEventListener('abort', () => heard.push('call'));
    for (const { key, signal } of loads[0]?.batches ?? [])
      signal.addEventListener('abort', () => heard.push(key));
    await vi.advanceTimersByTimeAsync(minute);
    expect(heard.sort()).toEqual(['alice', 'bob', 'call']);
    await loads[0]?.fail(new Error('disk'));
    expect(heard).toHaveLength(3);
  });

  test.each(['succeed', 'fail'] as const)(
    'after the call has settled, while its batches go on (%s)',
    async (how) => {
      const { loads, saves, runAll, load } = sharing({ minDuration: 0 });
      await runAll(['alice', 'bob'], increment);
      expect(aborted(loads[0])).toEqual([false, false, false]);
      await load();
      expect(aborted(loads[0])).toEqual([true, false, false]);
      expect(nameOf(loads[0]?.signal)).toBe('AbortError');
      expect(aborted(saves[0])).toEqual([false, false, false]);
      await saves[0]?.[how](how === 'fail' ? new Error('disk') : undefined);
      expect(aborted(saves[0])).toEqual([true, true, true]);
      expect(nameOf(saves[0]?.signal)).toBe('AbortError');
    },
  );

  test('a signal that is first read afterwards has aborted, too', async () => {
    const contexts: { signal: AbortSignal }[] = [];
    const { runAll } = sharing({
      minDuration: 0,
      loadResources: (batches: unknown[], call: { signal: AbortSignal }) => (contexts.push(call), batches.map(() => ({ count: 0 }))), // biome-ignore format: one line
      saveResources: (_: unknown, call: { signal: AbortSignal }) => void contexts.push(call),
    });
    await runAll(['alice', 'bob'], increment);
    expect(contexts.map(({ signal }) => nameOf(signal))).toEqual(['AbortError', 'AbortError']);
  });

  test('stop({ signal }) aborts those of all batches, and so that of the call, with its reason', async () => {
    const { accounts, loads, runAll } = sharing();
    await runAll(['alice', 'bob'], increment);
    const controller = new AbortController();
    const stop = watch(accounts.stop({ signal: controller.signal }));
    await settleDown();
    expect(aborted(loads[0])).toEqual([false, false, false]);
    controller.abort('enough');
    await settleDown();
    expect(aborted(loads[0])).toEqual([true, true, true]);
    expect(loads[0]?.signal.reason).toBe('enough');
    expect(stop.outcome).toEqual({ state: 'rejected', reason: 'enough' });
  });

  test('a call that is made after that has the same reason', async () => {
    const { accounts, loads, saves, runAll, load } = sharing();
    await runAll(['alice', 'bob'], increment);
    const controller = new AbortController();
    watch(accounts.stop({ signal: controller.signal }));
    await settleDown();
    controller.abort('enough');
    await load();
    expect(loads[0]?.batches.map(({ signal }) => signal.reason)).toEqual(['enough', 'enough']);
    expect(saves[0]?.signal.reason).toBe('enough');
  });
});
