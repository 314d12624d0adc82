import { inspect } from 'node:util';
import * as groupcommit from 'groupcommit';
import { type Processor, startProcessor } from 'groupcommit';
import { describe, expect, test } from 'vitest';
import { type Counter, heldStore, increment, open, rejectionOf, settleDown, watch } from './support.js';

describe('The surface', () => {
  test('is startProcessor and five error classes', () => {
    expect(Object.keys(groupcommit).sort()).toEqual(
      expect.arrayContaining([
        'BatchError',
        'ConflictError',
        'EngineError',
        'OperationCancelledError',
        'ProcessorStoppedError',
        'startProcessor',
      ]),
    );
  });

  test('Many callers change the same record; it is loaded once, every change runs on it in turn, it is saved once', async () => {
    const { accounts, loads, saves, load, save } = open();
    const runs = Array.from({ length: 100 }, () => watch(accounts.run('alice', increment)));
    await load({ count: 5 });
    await save();
    expect([loads, saves].map((calls) => calls.length)).toEqual([1, 1]);
    expect(saves[0]?.resource).toEqual({ count: 105 });
    expect(runs.map((run) => run.outcome)).toEqual(
      runs.map((_, run) => ({ state: 'fulfilled', value: run + 6 })),
    );
    const failing = [1, 2].map(() => watch(accounts.run('alice', increment)));
    await load({ count: 105 });
    watch(accounts.flush());
    await settleDown();
    await saves[1]?.fail(new Error('disk'));
    for (const run of failing)
      expect(run.outcome).toMatchObject({ state: 'rejected', reason: { code: 'ERR_SAVE_FAILED' } });
  });

  test('the example works as it is written', async () => {
    const table = new Map<string, Counter>([['alice', { count: 5 }]]);
    const get = async (key: string, signal: AbortSignal) => {
      signal.throwIfAborted();
      return structuredClone(table.get(key) ?? { count: 0 });
    };
    const put = async (key: string, counter: Counter, signal: AbortSignal) => {
      signal.throwIfAborted();
      table.set(key, structuredClone(counter));
    };
    const metrics: unknown[] = [];
    const accounts = startProcessor<Counter>({
      minDuration: 1,
      maxDuration: 60_000,
      maxOperations: 10_000,
      concurrency: 100,
      retries: 10,
      loadResource: async (key, { signal }) => await get(key, signal),
      saveResource: async (key, counter, { signal }) => {
        await put(key, counter, signal);
      },
    });
    const unsubscribe = accounts.subscribeBatchMetrics((metric) => metrics.push(metric));
    const deposit = accounts.run(
      'alice',
      (counter) => {
        counter.count += 10;
        return counter.count;
      },
      { signal: new AbortController().signal },
    );
    expect(accounts.pending).toBe(1);
    expect(await deposit).toBe(15);
    expect(table.get('alice')).toEqual({ count: 15 });
    unsubscribe();
    await accounts.flush();
    await accounts.flush('alice');
    expect(accounts.pending).toBe(0);
    await accounts.stop();
    expect(metrics).toHaveLength(1);
  });

  test('loadResource resolves to the resource; by default to undefined', async () => {
    const saved: unknown[] = [];
    const accounts = startProcessor<unknown>({
      minDuration: 0,
      saveResource: (...args) => saved.push(args.slice(0, 2)),
    });
    expect(await accounts.run('alice', (resource) => [resource])).toEqual([undefined]);
    expect(saved).toEqual([['alice', undefined]]);
  });

  test('saveResource resolves when the resource is saved; by default it does nothing', async () => {
    const accounts = startProcessor<Counter>({ minDuration: 0, loadResource: () => ({ count: 3 }) });
    expect(await accounts.run('alice', (counter) => counter.count)).toBe(3);
  });

  test('startProcessor needs no options', async () => {
    expect(await startProcessor().run('alice', () => 'done')).toBe('done');
  });

  test('loadResource gets the key and the batch, saveResource the key, the resource and the batch', async () => {
    const { loads, saves, ...store } = heldStore<Counter>();
    const accounts = startProcessor<Counter>({ ...store, minDuration: 0 });
    const resource = { count: 1 };
    const run = accounts.run('alice', () => {});
    await settleDown();
    expect(loads[0]).toMatchObject({ key: 'alice', argumentCount: 2 });
    expect(loads[0]?.batch.signal).toBeInstanceOf(AbortSignal);
    await loads[0]?.succeed(resource);
    expect(saves[0]).toMatchObject({ key: 'alice', argumentCount: 3 });
    expect(saves[0]?.resource).toBe(resource);
    expect(saves[0]?.batch.signal).toBeInstanceOf(AbortSignal);
    await saves[0]?.succeed();
    await run;
  });

  test('pending is the number of runs accepted and not settled yet', async () => {
    const { loads, saves, ...store } = heldStore<Counter>();
    const accounts = startProcessor<Counter>({ ...store, minDuration: 0 });
    const controller = new AbortController();
    expect(accounts.pending).toBe(0);
    const first = accounts.run('alice', () => {});
    const second = accounts.read('alice', () => {});
    const third = rejectionOf(accounts.update('bob', (counter) => counter));
    const cancelled = rejectionOf(accounts.run('bob', () => {}, { signal: controller.signal }));
    await rejectionOf(accounts.run(Number.NaN as never, () => {}));
    expect(accounts.pending).toBe(4);
    controller.abort();
    await cancelled;
    expect(accounts.pending).toBe(3);
    await loads[0]?.succeed({ count: 0 });
    expect(accounts.pending).toBe(3);
    await saves[0]?.succeed();
    await Promise.all([first, second]);
    expect(accounts.pending).toBe(1);
    await loads[1]?.fail(new Error('disk'));
    await third;
    expect(accounts.pending).toBe(0);
  });

  test('pending is the number of runs accepted and not settled yet: also while one after another hears', async () => {
    const accounts = startProcessor<Counter>({ minDuration: 0, loadResource: () => ({ count: 0 }) });
    const runs: Promise<unknown>[] = [];
    const unsettled = () => runs.filter((run) => inspect(run).includes('<pending>')).length;
    const heard: number[][] = [];
    for (const key of ['alice', 'bob', 'carol']) {
      for (let run = 0; run < 3; run++) runs.push(accounts.run(key, () => {}));
    }
    for (const run of runs) run.then(() => heard.push([accounts.pending, unsettled()]));
    expect([accounts.pending, unsettled()]).toEqual([9, 9]);
    await Promise.all(runs);
    expect(heard).toHaveLength(9);
    for (const [pending, promises] of heard) expect(pending).toBe(promises);
  });

  test('await using stops the processor at the end of the block', async () => {
    const saved: string[] = [];
    let accounts: Processor<Counter>;
    {
      await using scoped = startProcessor<Counter>({
        minDuration: 60_000,
        loadResource: () => ({ count: 0 }),
        saveResource: (key) => saved.push(key),
      });
      accounts = scoped;
      watch(scoped.run('alice', () => {}));
    }
    expect(saved).toEqual(['alice']);
    expect(await rejectionOf(accounts.run('alice', () => {}))).toMatchObject({
      code: 'ERR_PROCESSOR_STOPPED',
    });
  });
});
