import { type BatchError, type Processor, type RunOptions, startProcessor } from 'groupcommit';

interface Account {
  balance: number;
}

/** Batches, saves, fails, cancels and stops, and tells in one line what came of it. */
export async function check(): Promise<string> {
  const events: string[] = [];
  const accounts: Processor<Account> = startProcessor<Account>({
    minDuration: 10,
    loadResource: async (key) => {
      events.push(`load ${key}`);
      return { balance: 0 };
    },
    saveResource: async (key, account) => {
      if (key === 'bob') throw new Error('disk full');
      events.push(`save ${key} ${account.balance}`);
    },
  });
  const deposit = (key: string, amount: number, options?: RunOptions): Promise<number> =>
    accounts.run(key, (account) => (account.balance += amount), options);

  const controller = new AbortController();
  const cancelled = failure(deposit('alice', 1000, { signal: controller.signal }));
  controller.abort();
  const balances = await Promise.all([1, 20, 300].map((amount) => deposit('alice', amount)));
  const failed = await failure(deposit('bob', 1));
  await accounts.stop();
  const stopped = await failure(deposit('alice', 1));

  return [...events, balances.join(' '), await cancelled, failed, stopped].join(', ');
}

/** What AsyncLocalStorage of Node is, where there are no types of Node. */
interface Storage {
  run<T>(store: string, callback: () => T): T;
  getStore(): string | undefined;
}

/** Tells which store load, operation and save see, of three callers in a context each, on a key of their own and on a shared one. */
export async function checkContexts(): Promise<string> {
  const { process } = globalThis as unknown as {
    process: { getBuiltinModule(name: string): { AsyncLocalStorage: new () => Storage } };
  };
  const { AsyncLocalStorage } = process.getBuiltinModule('node:async_hooks');
  const storage = new AsyncLocalStorage();
  const seen: string[] = [];
  const see = (what: string) => void seen.push(`${what} ${storage.getStore()}`);
  const accounts = startProcessor<object>({
    minDuration: 10,
    loadResource: async (key) => {
      see(`load ${key}`);
      return {};
    },
    saveResource: async (key) => see(`save ${key}`),
  });
  const callers = ['A', 'B', 'C'].flatMap((caller) =>
    storage.run(caller, () =>
      [`own${caller}`, 'shared'].map((key) => accounts.run(key, () => see(`run ${key}`))),
    ),
  );
  await Promise.all(callers);
  return seen.sort().join(', ');
}

async function failure(run: Promise<unknown>): Promise<string> {
  try {
    return `${await run}`;
  } catch (error) {
    const { code, cause } = error as BatchError;
    return cause instanceof Error && cause.message === 'disk full'
      ? `${code} (${cause.message})`
      : (code ?? `${error}`);
  }
}
