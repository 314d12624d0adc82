import { startProcessor } from 'groupcommit';
import { describe, expect, test } from 'vitest';
import { inChild, settleDown, watch } from '../node/support.js';
import { allAtRest, atRest, childAtRest, fulfilled, noop } from './support.js';

describe('Sizes: at, below and above every bound, all settle', () => {
  const counts = [1, 2, 3, 4, 5, 6, 7];
  const limits = [1, 2, 3];

  /** All ways to choose some of so many. */
  const choices = (count: number) =>
    Array.from({ length: 2 ** count }, (_, bits) => Array.from({ length: count }, (_, i) => (bits >> i) & 1));

  const places: Record<string, number> = { 'at once': 0, 'behind a save': 1 };

  test.each(limits.flatMap((limit) => Object.keys(places).map((place) => [limit, place] as const)))(
    'maxOperations %i, up to 7 runs %s, any of them cancelled: each batch has that many, in the order of acceptance',
    async (maxOperations, place) => {
      for (const cancelled of counts.flatMap(choices)) {
        let saved = () => {};
        const saves: number[][] = [];
        let ran: number[] = [];
        const accounts = startProcessor<object>({
          minDuration: 0,
          maxOperations,
          loadResource: () => ((ran = []), {}),
          saveResource: () => {
            saves.push(ran);
            if (saves.length <= (places[place] ?? 0))
              return new Promise<void>((resolve) => (saved = resolve));
            return undefined;
          },
        });
        const controller = new AbortController();
        const run = (number: number, isCancelled = 0) =>
          accounts.run('alice', () => void ran.push(number), {
            signal: isCancelled ? controller.signal : undefined,
          });
        const ahead = place === 'at once' ? [] : Array.from({ length: maxOperations }, () => run(-1));
        if (ahead.length > 0) await settleDown();
        const runs = cancelled.map((isCancelled, number) => run(number, isCancelled));
        controller.abort();
        saved();
        const states = (await allAtRest([...ahead, ...runs])).map(({ state }) => state);
        const label = `maxOperations ${maxOperations}, cancelled ${cancelled}`;
        expect([label, ...states]).toEqual([
          label,
          ...ahead.map(() => 'fulfilled'),
          ...cancelled.map((isCancelled) => (isCancelled ? 'rejected' : 'fulfilled')),
        ]);
        const live = cancelled.map((isCancelled, number) => (isCancelled ? [] : [number]));
        const batches: number[][] = [];
        while (live.length > 0) batches.push(live.splice(0, maxOperations).flat());
        const expected = [...(ahead.length > 0 ? [ahead.map(() => -1)] : []), ...batches];
        expect([label, saves]).toEqual([label, expected.filter((batch) => batch.length > 0)]);
        expect([label, accounts.pending]).toEqual([label, 0]);
        expect(await atRest(accounts.run('alice', noop))).toEqual(fulfilled());
        expect(await atRest(accounts.stop())).toEqual(fulfilled());
      }
    },
  );

  const ends: Record<string, (key: string) => unknown> = {
    succeed: () => Promise.resolve({}),
    'succeed at once': () => ({}),
    fail: (key) => (Number(key) % 2 ? Promise.reject('disk') : Promise.resolve({})),
    throw: (key) => {
      if (Number(key) % 2) throw 'disk';
      return {};
    },
  };

  test.each(limits.flatMap((limit) => Object.keys(ends).map((end) => [limit, end] as const)))(
    'concurrency %i, up to 7 keys whose loads and saves %s: never more are under way, none is left, in order',
    async (concurrency, end) => {
      for (const count of counts) {
        let underWay = 0;
        let most = 0;
        const loaded: number[] = [];
        const call = async (key: string) => {
          most = Math.max(most, ++underWay);
          await settleDown();
          try {
            return await (ends[end] ?? noop)(key);
          } finally {
            underWay--;
          }
        };
        const plain = end.includes('once') || end === 'throw';
        const accounts = startProcessor<object>({
          minDuration: 0,
          concurrency,
          loadResource: ((key: string) => (
            loaded.push(Number(key)), plain ? ends[end]?.(key) : call(key)
          )) as never,
          saveResource: (key: string) => (plain ? ends[end]?.(key) : call(key)),
        } as object);
        const keys = Array.from({ length: count }, (_, key) => `${key}`);
        const outcomes = await allAtRest(keys.map((key) => accounts.run(key, () => key)));
        const fails = end === 'fail' || end === 'throw';
        expect(outcomes).toMatchObject(
          keys.map((key) =>
            fails && Number(key) % 2 ? { reason: { code: 'ERR_LOAD_FAILED' } } : fulfilled(key),
          ),
        );
        expect(most).toBeLessThanOrEqual(concurrency);
        if (!plain) expect(most).toBe(Math.min(concurrency, count));
        expect(loaded).toEqual(keys.map(Number));
        expect(accounts.pending).toBe(0);
        expect(await atRest(accounts.stop())).toEqual(fulfilled());
      }
    },
  );

  test('runs that are cancelled while they wait for one of the places of concurrency keep none', async () => {
    const gates: (() => void)[] = [];
    const accounts = startProcessor<object>({
      minDuration: 0,
      concurrency: 1,
      loadResource: () => new Promise<object>((resolve) => gates.push(() => resolve({}))),
    } as object);
    const controller = new AbortController();
    const { signal } = controller;
    const first = watch(accounts.run('first', noop));
    const waiting = ['a', 'b', 'c'].map((key) => watch(accounts.run(key, noop, { signal })));
    const last = watch(accounts.run('last', noop));
    await settleDown();
    controller.abort();
    await settleDown();
    expect(waiting.map((run) => run.outcome.state)).toEqual(Array(3).fill('rejected'));
    expect(gates).toHaveLength(1);
    gates[0]?.();
    await settleDown();
    expect(gates).toHaveLength(2);
    gates[1]?.();
    expect(await atRest(accounts.stop())).toEqual(fulfilled());
    expect([first, last].map((run) => run.outcome.state)).toEqual(Array(2).fill('fulfilled'));
  });

  const manies = [8_190, 8_191, 8_192, 8_193, 8_194, 16_384, 100_000];
  const bounds = ['Infinity', '10_000', '8_192'];

  test.each(bounds)('thousands of runs of one key at once, with maxOperations %s', async (maxOperations) => {
    const { code, stdout, stderr } = await inChild(`${childAtRest}
      for (const many of ${JSON.stringify(manies)}) for (const cancelled of [0, 2]) {
        const counter = { count: 0 };
        const accounts = startProcessor({ minDuration: 0, maxOperations: ${maxOperations}, loadResource: () => counter });
        const controller = new AbortController();
        const { signal } = controller;
        const runs = [];
        for (let i = 0; i < cancelled; i++) runs.push(accounts.run('alice', () => {}, { signal }).catch(() => 'cancelled'));
        for (let i = 0; i < many; i++) runs.push(accounts.run('alice', () => ++counter.count));
        controller.abort();
        const values = await atRest(Promise.all(runs));
        const inOrder = Array.isArray(values) && values.slice(cancelled).every((value, i) => value === i + 1);
        const next = await atRest(accounts.run('alice', () => ++counter.count));
        print([many, cancelled, inOrder, next - many, await atRest(accounts.stop()), accounts.pending].join(' '));
      }
    `);
    const expected = manies.flatMap((many) => [0, 2].map((cancelled) => `${many} ${cancelled} true 1  0\n`));
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: expected.join(''), stderr: '' });
  });
});
