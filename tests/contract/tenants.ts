import { AsyncLocalStorage } from 'node:async_hooks';
import { startProcessor } from 'groupcommit';

export const tenant = new AsyncLocalStorage<string>();

/** A processor that logs which store its functions and operations see. */
export function logging(callbacks: (see: (what: string) => void) => object) {
  const log: string[] = [];
  const see = (what: string) => void log.push(`${what}: ${tenant.getStore()}`);
  const accounts = startProcessor<object>({ minDuration: 0, ...callbacks(see) });
  const run = (store: string, key: string) =>
    tenant.run(store, () => accounts.run(key, () => see(`operation on ${key}`)));
  return { accounts, log, run };
}
