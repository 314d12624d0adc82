import { startProcessor } from 'groupcommit';
import { expect } from 'vitest';
import { heldStore, settleDown, watch } from '../node/support.js';

export * from '../node/support.js';

export interface Counter {
  count: number;
}
export const increment = (counter: Counter) => ++counter.count;
export const noop = () => {};
export const minute = 60_000;
export const methods = ['run', 'update', 'read'] as const;
export const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Whether something had happened by the time that only the microtasks after this call had run. */
export function afterMicrotasks<T>(look: () => T): Promise<T> {
  // In a microtask, process.nextTick callbacks wait until the queue of microtasks is empty.
  return Promise.resolve().then(() => new Promise((resolve) => process.nextTick(() => resolve(look()))));
}

/** A processor over a held store whose batches stay open until they are flushed. */
export function open<Resource = Counter>(options: object = {}) {
  const { loads, saves, calls, ...store } = heldStore<Resource>();
  const accounts = startProcessor<Resource>({ ...store, minDuration: minute, ...options });
  return {
    accounts,
    loads,
    saves,
    calls,
    /** Ends the latest load. */
    load: async (resource = { count: 0 } as Resource) => {
      await settleDown();
      await loads.at(-1)?.succeed(resource);
    },
    /** Ends the window, and the latest save. */
    save: async () => {
      watch(accounts.flush());
      await settleDown();
      await saves.at(-1)?.succeed();
    },
  };
}

export type Metric = Parameters<
  Parameters<ReturnType<typeof startProcessor<Counter>>['subscribeBatchMetrics']>[0]
>[0];

/** A processor without a window over a held store, and the metrics of its batches. */
export function collecting(options: object = {}) {
  const { accounts, loads, saves } = open({ minDuration: 0, ...options });
  const metrics: Metric[] = [];
  accounts.subscribeBatchMetrics((metric) => void metrics.push(metric));
  return { accounts, loads, saves, metrics };
}

/** Runs one batch on `key` from beginning to end. */
export async function oneBatch(
  { accounts, loads, saves }: Omit<ReturnType<typeof collecting>, 'metrics'>,
  key = 'alice',
) {
  const run = watch(accounts.run(key, noop));
  await settleDown();
  await loads.at(-1)?.succeed({ count: 0 });
  await saves.at(-1)?.succeed();
  expect(run.outcome.state).toBe('fulfilled');
}

/** A processor that logs its calls, with a lock made by `lockResource`. */
export function logged(lockResource: () => unknown) {
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

/**
 * For `inChild` with --expose-gc: waits until all referents are collected, at most a few rounds,
 * and prints how many are left of each list.
 */
export const leftAfterCollection = `
  async function left(...lists) {
    const count = () => lists.map((list) => list.filter((reference) => reference.deref()).length);
    for (let round = 0; round < 20 && count().some(Boolean); round++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      gc();
    }
    print(count());
  }
`;
