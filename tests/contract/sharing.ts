import { type BatchContext, type CallContext, type SavedBatch, startProcessor } from 'groupcommit';
import { type Counter, deferred, minute, type Outcome, settleDown, watch } from './support.js';

/** A call for several batches that hangs until the test says how it ends. */
export interface HeldCall<Batch> {
  batches: Batch[];
  keys: string[];
  signal: AbortSignal;
  argumentCount: number;
  succeed(result?: unknown): Promise<void>;
  fail(reason: unknown): Promise<void>;
}

/** The form for many keys of one callback. */
function heldCalls<Batch extends BatchContext<string>>() {
  const calls: HeldCall<Batch>[] = [];
  const call = (...args: [batches: Batch[], call: CallContext]): Promise<never> => {
    const [batches, { signal }] = args;
    const gate = deferred<unknown>();
    calls.push({
      batches,
      keys: keysOf(batches),
      signal,
      argumentCount: args.length,
      succeed: (result) => {
        gate.resolve(result);
        return settleDown();
      },
      fail: (reason) => {
        gate.reject(reason);
        return settleDown();
      },
    });
    return gate.promise as Promise<never>;
  };
  return { calls, call };
}

export const keysOf = (batches: readonly { key: string }[]) => batches.map(({ key }) => key);

/** The keys of each call, which have one letter. */
export const keysIn = (calls: { keys: string[] }[]) => calls.map(({ keys }) => keys.join(''));

/** A processor whose calls are shared, and hang. Its batches stay open until they are flushed. */
export function sharing<Resource = Counter>(options: object = {}) {
  const { calls: loads, call: loadResources } = heldCalls<BatchContext<string>>();
  const { calls: saves, call: saveResources } = heldCalls<SavedBatch<Resource, string>>();
  const accounts = startProcessor<Resource>({
    loadResources,
    saveResources,
    minDuration: minute,
    ...options,
  });
  return {
    accounts,
    loads,
    saves,
    /** Runs the operation on each key, in one turn, and waits until the calls have been made. */
    runAll: async (keys: readonly string[], operation: (resource: Resource) => unknown) => {
      const runs = keys.map((key) => watch(accounts.run(key, operation)));
      await settleDown();
      return runs;
    },
    /** Ends the latest load, by default with a counter for each. */
    load: async (result: unknown = counters(loads.at(-1)?.keys.length ?? 0)) => loads.at(-1)?.succeed(result),
  };
}

export const counters = (count: number): Counter[] => Array.from({ length: count }, () => ({ count: 0 }));

/** What came of each run: its value, or why it failed. */
export const outcomesOf = (runs: { outcome: Outcome }[]) =>
  runs.map(({ outcome }) =>
    outcome.state === 'fulfilled' ? outcome.value : outcome.state === 'rejected' ? outcome.reason : 'pending',
  );
