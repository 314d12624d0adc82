// What compiles, and what does not. A comment at the beginning of a line is the title of what follows.

import { expectTypeOf } from 'expect-type';
import {
  type BatchContext,
  BatchError,
  type BatchMetric,
  type CallContext,
  ConflictError,
  EngineError,
  type Operation,
  OperationCancelledError,
  type Processor,
  type ProcessorOptions,
  ProcessorStoppedError,
  type SavedBatch,
  startProcessor,
} from 'groupcommit';

interface Account {
  balance: number;
}
declare const get: (key: string, signal: AbortSignal) => Promise<Account>;
declare const acquire: (key: string, signal: AbortSignal) => Promise<() => void>;
declare const put: (key: string, account: Account, signal: AbortSignal) => Promise<{ status: number }>;
declare const signal: AbortSignal;

// The example, as it is written.
const accounts = startProcessor<Account>({
  minDuration: 100,
  maxDuration: 200,
  maxOperations: 10_000,
  concurrency: 100,
  retries: 10,
  lockResource: async (key, { signal }) => await acquire(key, signal),
  loadResource: async (key, { signal }) => await get(key, signal),
  saveResource: async (key, account, { signal }) => {
    await put(key, account, signal);
  },
});
expectTypeOf(accounts).toEqualTypeOf<Processor<Account>>();
expectTypeOf(accounts).toEqualTypeOf<Processor<Account, string>>();

// The type of the resource is that of what loadResource gives, awaited.
expectTypeOf(startProcessor({ loadResource: (_key: string) => ({ balance: 1 }) })).toEqualTypeOf<
  Processor<Account>
>();
expectTypeOf(startProcessor({ loadResource: async (_key: string) => ({ balance: 1 }) })).toEqualTypeOf<
  Processor<Account>
>();
expectTypeOf(startProcessor().run('a', (resource) => [resource] as const)).not.toBeAny();
startProcessor().run('a', (resource) => {
  expectTypeOf(resource).not.toBeAny();
});

// The type is Processor<Resource, Key extends string | number = string>.
accounts.run('alice', () => {});
// @ts-expect-error a number is no key of a processor with string keys
accounts.run(1, () => {});
const byNumber = startProcessor<Account, number>({
  loadResource: (key, batch) => {
    expectTypeOf(key).toEqualTypeOf<number>();
    expectTypeOf(batch).toEqualTypeOf<BatchContext<number>>();
    return { balance: key };
  },
  saveResource: (key) => {
    expectTypeOf(key).toEqualTypeOf<number>();
  },
});
byNumber.run(1, () => {});
// @ts-expect-error a string is no key of a processor with number keys
byNumber.run('alice', () => {});
const byBoth = startProcessor<Account, string | number>();
byBoth.run(1, () => {});
byBoth.run('alice', () => {});
const byLiteral = startProcessor<Account, 'alice' | 'bob'>();
byLiteral.run('alice', () => {});
// @ts-expect-error carol is none of the two
byLiteral.run('carol', () => {});
// @ts-expect-error a symbol is no key
startProcessor<Account, symbol>();
// @ts-expect-error an object is no key
startProcessor<Account, object>();

// The functions may return a plain value instead of a promise.
startProcessor<Account>({ loadResource: () => ({ balance: 1 }), saveResource: () => {} });
startProcessor<Account>({ loadResource: async () => ({ balance: 1 }), saveResource: async () => {} });
startProcessor<Account>({
  saveResource: (key, account) => put(key, account, signal),
  loadResource: () => get('alice', signal),
});
// @ts-expect-error the resource is an Account
startProcessor<Account>({ loadResource: () => 'alice' });
// @ts-expect-error so it is when it is promised
startProcessor<Account>({ loadResource: async () => 'alice' });
// The functions of one batch receive the batch.
startProcessor<Account>({
  lockResource: (_key, batch) => {
    expectTypeOf(batch).toEqualTypeOf<BatchContext<string>>();
    return undefined;
  },
  loadResource: (key, batch) => {
    expectTypeOf(key).toEqualTypeOf<string>();
    expectTypeOf(batch).toEqualTypeOf<BatchContext<string>>();
    expectTypeOf(batch.key).toEqualTypeOf<string>();
    expectTypeOf(batch.signal).toEqualTypeOf<AbortSignal>();
    // @ts-expect-error the signal is the processor's to set
    batch.signal = signal;
    // @ts-expect-error and so is the key
    batch.key = key;
    return { balance: 1 };
  },
  saveResource: (key, account, batch) => {
    expectTypeOf(key).toEqualTypeOf<string>();
    expectTypeOf(account).toEqualTypeOf<Account>();
    expectTypeOf(batch).toEqualTypeOf<BatchContext<string>>();
  },
});
// @ts-expect-error a duration is a number
startProcessor<Account>({ minDuration: '100' });
// @ts-expect-error a duration is a number
startProcessor<Account>({ maxDuration: 100n });
// @ts-expect-error the number of operations is a number
startProcessor<Account>({ maxOperations: null });
// @ts-expect-error the number of calls under way is a number
startProcessor<Account>({ concurrency: '5' });
// @ts-expect-error the number of retries is a number
startProcessor<Account>({ retries: '5' });
// @ts-expect-error a callback is a function
startProcessor<Account>({ loadResource: 'get' });

// loadResources and saveResources load and save many keys by one call.
const together = startProcessor<Account>({
  loadResources: async (batches, call) => {
    expectTypeOf(batches).toEqualTypeOf<BatchContext<string>[]>();
    expectTypeOf(call).toEqualTypeOf<CallContext>();
    expectTypeOf(call.signal).toEqualTypeOf<AbortSignal>();
    // @ts-expect-error the signal is the processor's to set
    call.signal = signal;
    return batches.map(({ key }) => (key === 'alice' ? { balance: 1 } : new Error('gone')));
  },
  saveResources: async (batches, call) => {
    expectTypeOf(batches).toEqualTypeOf<SavedBatch<Account, string>[]>();
    expectTypeOf(call).toEqualTypeOf<CallContext>();
    for (const batch of batches) {
      expectTypeOf(batch).toExtend<BatchContext<string>>();
      expectTypeOf(batch.resource).toEqualTypeOf<Account>();
      // @ts-expect-error the resource is given, not taken
      batch.resource = { balance: 2 };
    }
  },
  maxKeys: 25,
});
expectTypeOf(together).toEqualTypeOf<Processor<Account>>();
startProcessor<Account, number>({
  loadResources: (batches) => batches.map(({ key }) => ({ balance: key })),
  saveResources: (batches) => {
    expectTypeOf(batches).toEqualTypeOf<SavedBatch<Account, number>[]>();
  },
});
startProcessor<Account>({ saveResources: () => undefined });
startProcessor<Account>({ saveResources: (batches) => batches.map(() => undefined) });
startProcessor<Account>({ saveResources: (batches) => batches.map(() => new ConflictError()) });
startProcessor<Account>({ loadResources: undefined, saveResources: undefined, maxKeys: undefined });
expectTypeOf(
  startProcessor({ loadResources: (batches: BatchContext<string>[]) => batches.map(() => ({ balance: 1 })) }),
).toEqualTypeOf<Processor<Account>>();
expectTypeOf(
  startProcessor({
    loadResources: async (batches: BatchContext<string>[]) =>
      batches.map(({ key }) => (key === 'alice' ? { balance: 1 } : new Error('gone'))),
  }),
).toEqualTypeOf<Processor<Account>>();
// one of each kind may be mixed
startProcessor<Account>({ loadResource: () => ({ balance: 1 }), saveResources: () => {} });
startProcessor<Account>({ loadResources: () => [], saveResource: () => {} });
// @ts-expect-error a resource in each place, or an Error
startProcessor<Account>({ loadResources: (batches) => batches.map(({ key }) => key) });
// @ts-expect-error an array
startProcessor<Account>({ loadResources: async () => ({ balance: 1 }) });
// @ts-expect-error something has to be loaded
startProcessor<Account>({ loadResources: async () => {} });
// @ts-expect-error a callback is a function
startProcessor<Account>({ loadResources: 'select' });
// @ts-expect-error the number of keys is a number
startProcessor<Account>({ maxKeys: '25' });
expectTypeOf<SavedBatch<Account>>().toEqualTypeOf<SavedBatch<Account, string | number>>();

// Options can be made beforehand, and stores can be spread in.
const options: ProcessorOptions<Account> = { minDuration: 0, loadResource: (key) => get(key, signal) };
const store = { loadResource: get as (key: string) => Promise<Account>, close: () => {}, path: '/' };
startProcessor<Account>(options);
startProcessor<Account>({ minDuration: 0, ...store });
expectTypeOf<ProcessorOptions<Account>>().toEqualTypeOf<ProcessorOptions<Account, string>>();

// The operation's return value, after the save succeeded: run<T>(key, (r) => T): Promise<T>.
expectTypeOf(accounts.run('alice', (account) => account.balance)).toEqualTypeOf<Promise<number>>();
expectTypeOf(accounts.run('alice', () => 'text' as const)).toEqualTypeOf<Promise<'text'>>();
expectTypeOf(accounts.run('alice', () => {})).toEqualTypeOf<Promise<void>>();
expectTypeOf(accounts.run('alice', () => undefined)).toEqualTypeOf<Promise<undefined>>();
expectTypeOf(accounts.run('alice', (account) => (account.balance > 1 ? account : null))).toEqualTypeOf<
  Promise<Account | null>
>();
expectTypeOf(accounts.read('alice', (account) => account.balance)).toEqualTypeOf<Promise<number>>();
expectTypeOf(
  accounts.run('alice', (): never => {
    throw new Error();
  }),
).toEqualTypeOf<Promise<never>>();
accounts.run('alice', (account) => {
  expectTypeOf(account).toEqualTypeOf<Account>();
});
accounts.read('alice', (account) => {
  expectTypeOf(account).toEqualTypeOf<Account>();
});
// @ts-expect-error there is no second argument
accounts.run('alice', (_account, _more: number) => {});
// @ts-expect-error an operation is a function
accounts.run('alice', 'operation');
// @ts-expect-error an operation is needed
accounts.run('alice');
function generic<T>(operation: Operation<Account, T>): Promise<T> {
  return accounts.run('alice', operation);
}
expectTypeOf(generic((account) => account.balance)).toEqualTypeOf<Promise<number>>();

// update(key, (r) => newResource) resolves to the new resource
const counters = startProcessor<number>({ loadResource: () => 0 });
expectTypeOf(counters.update('visits', (counter) => counter + 1)).resolves.toEqualTypeOf<number>();
expectTypeOf(accounts.update('alice', (account) => account)).resolves.toExtend<Account>();
// @ts-expect-error the new resource is a number like the one before
counters.update('visits', (counter) => `${counter}`);
// @ts-expect-error an update that returns nothing is no update of an Account
accounts.update('alice', () => {});
startProcessor<Account | undefined>().update('alice', () => undefined);

// An operation that returns a thenable is a mistake (a type error at compile time).
// @ts-expect-error async
accounts.run('alice', async () => {});
// @ts-expect-error async with a value
accounts.run('alice', async (account) => account.balance);
// @ts-expect-error a promise
accounts.run('alice', () => Promise.resolve(1));
// @ts-expect-error a PromiseLike
accounts.run('alice', () => ({}) as PromiseLike<number>);
// @ts-expect-error a promise of nothing
accounts.run('alice', (account) => put('alice', account, signal));
// @ts-expect-error async
accounts.read('alice', async (account) => account.balance);
// @ts-expect-error async
accounts.update('alice', async (account) => account);
// @ts-expect-error also where the type of the resource is unknown
startProcessor<unknown>().update('alice', async () => 1);

// { signal }
accounts.run('alice', () => {}, { signal });
accounts.update('alice', (account) => account, { signal });
accounts.read('alice', () => {}, { signal });
accounts.run('alice', () => {}, {});
// @ts-expect-error no AbortSignal
accounts.run('alice', () => {}, { signal: new AbortController() });
// @ts-expect-error no AbortSignal
accounts.run('alice', () => {}, { signal: 'signal' });

// flush, stop, pending, await using
expectTypeOf(accounts.flush()).toEqualTypeOf<Promise<void>>();
expectTypeOf(accounts.flush('alice')).toEqualTypeOf<Promise<void>>();
// @ts-expect-error no key of this processor
accounts.flush(1);
expectTypeOf(accounts.stop()).toEqualTypeOf<Promise<void>>();
expectTypeOf(accounts.stop({ signal })).toEqualTypeOf<Promise<void>>();
accounts.stop({});
accounts.stop({ signal: undefined });
accounts.stop({ signal: null });
// @ts-expect-error no AbortSignal
accounts.stop({ signal: new AbortController() });
// @ts-expect-error an AbortSignal is no options
accounts.stop(signal);
expectTypeOf(accounts.pending).toEqualTypeOf<number>();
// @ts-expect-error pending is read-only
accounts.pending = 1;
expectTypeOf(accounts).toExtend<AsyncDisposable>();
export async function scoped(): Promise<number> {
  await using scope = startProcessor<Account>();
  return scope.run('alice', (account) => account.balance);
}

// Metrics
expectTypeOf(accounts.subscribeBatchMetrics((_metric) => {})).toEqualTypeOf<() => void>();
accounts.subscribeBatchMetrics(() => {}, { signal });
// @ts-expect-error no AbortSignal
accounts.subscribeBatchMetrics(() => {}, { signal: 1 });
accounts.subscribeBatchMetrics((metric) => {
  expectTypeOf(metric).toEqualTypeOf<BatchMetric<string>>();
  expectTypeOf(metric.batchStart).toEqualTypeOf<Date>();
  expectTypeOf(metric.resourceKey).toEqualTypeOf<string>();
  expectTypeOf(metric.operationCount).toEqualTypeOf<number>();
  expectTypeOf(metric.lockResourceDuration).toEqualTypeOf<number>();
  expectTypeOf(metric.loadResourceDuration).toEqualTypeOf<number>();
  expectTypeOf(metric.saveResourceDuration).toEqualTypeOf<number>();
  expectTypeOf(metric.totalDuration).toEqualTypeOf<number>();
  expectTypeOf(metric.attempts).toEqualTypeOf<number>();
  expectTypeOf(metric.loadedTogether).toEqualTypeOf<number>();
  expectTypeOf(metric.savedTogether).toEqualTypeOf<number>();
  expectTypeOf(metric.error).toEqualTypeOf<BatchError | undefined>();
});
byNumber.subscribeBatchMetrics((metric) => {
  expectTypeOf(metric.resourceKey).toEqualTypeOf<number>();
});
export async function pull(): Promise<void> {
  for await (const metric of accounts.batchMetrics()) expectTypeOf(metric).toEqualTypeOf<BatchMetric>();
  for await (const metric of byNumber.batchMetrics())
    expectTypeOf(metric.resourceKey).toEqualTypeOf<number>();
}

// Errors
export function explain(error: unknown): string {
  if (error instanceof BatchError) {
    expectTypeOf(error).toExtend<Error>();
    expectTypeOf(error.code).toEqualTypeOf<'ERR_LOCK_FAILED' | 'ERR_LOAD_FAILED' | 'ERR_SAVE_FAILED'>();
    expectTypeOf(error.phase).toEqualTypeOf<'lock' | 'load' | 'save'>();
    expectTypeOf(error.key).toEqualTypeOf<string | number>();
    expectTypeOf(error.operationCount).toEqualTypeOf<number>();
    expectTypeOf(error.cause).toEqualTypeOf<unknown>();
    expectTypeOf<typeof error.name>().toEqualTypeOf<'BatchError'>();
  }
  if (error instanceof OperationCancelledError) {
    expectTypeOf(error).toExtend<Error>();
    expectTypeOf<typeof error.code>().toEqualTypeOf<'ERR_OPERATION_CANCELLED'>();
    expectTypeOf(error.cause).toEqualTypeOf<unknown>();
    expectTypeOf<typeof error.name>().toEqualTypeOf<'OperationCancelledError'>();
  }
  if (error instanceof ProcessorStoppedError) {
    expectTypeOf(error).toExtend<Error>();
    expectTypeOf<typeof error.code>().toEqualTypeOf<'ERR_PROCESSOR_STOPPED'>();
    expectTypeOf<typeof error.name>().toEqualTypeOf<'ProcessorStoppedError'>();
  }
  if (error instanceof ConflictError) {
    expectTypeOf(error).toExtend<Error>();
    expectTypeOf<typeof error.code>().toEqualTypeOf<'ERR_CONFLICT'>();
    expectTypeOf(error.cause).toEqualTypeOf<unknown>();
    expectTypeOf<typeof error.name>().toEqualTypeOf<'ConflictError'>();
  }
  if (error instanceof EngineError) {
    expectTypeOf(error).toExtend<Error>();
    expectTypeOf<typeof error.code>().toEqualTypeOf<'ERR_ENGINE_FAILED'>();
    expectTypeOf(error.cause).toEqualTypeOf<unknown>();
    expectTypeOf<typeof error.name>().toEqualTypeOf<'EngineError'>();
  }
  return String(error);
}

// A store makes a ConflictError: new ConflictError(message?, { cause }?).
expectTypeOf<ConstructorParameters<typeof ConflictError>>().toEqualTypeOf<
  [message?: string | undefined, options?: ErrorOptions | undefined]
>();
export const conflicts = [
  new ConflictError(),
  new ConflictError('stale'),
  new ConflictError('stale', { cause: 1 }),
];
// @ts-expect-error a message is a string
new ConflictError(new Error());

// No any in what a user gets hold of.
expectTypeOf<Parameters<NonNullable<ProcessorOptions<Account>['loadResource']>>[0]>().not.toBeAny();
expectTypeOf<ReturnType<NonNullable<ProcessorOptions<Account>['loadResource']>>>().not.toBeAny();
expectTypeOf<ReturnType<NonNullable<ProcessorOptions<Account>['saveResource']>>>().not.toBeAny();
for (const member of [
  'run',
  'update',
  'read',
  'flush',
  'stop',
  'pending',
  'subscribeBatchMetrics',
  'batchMetrics',
] as const) {
  expectTypeOf(accounts[member]).not.toBeAny();
}
expectTypeOf<BatchMetric[keyof BatchMetric]>().not.toBeAny();
expectTypeOf<BatchError[keyof BatchError]>().not.toBeAny();
expectTypeOf(accounts.run('alice', (account) => account)).resolves.not.toBeAny();
