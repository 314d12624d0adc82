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
