import { attempt } from './failure.js';

/** Resolves when the requests of a transaction that reads have succeeded. It is aborted when the signal aborts. */
export function read(
  transaction: IDBTransaction,
  requests: readonly unknown[],
  signal: AbortSignal,
): Promise<void> {
  return settled(transaction, (resolve, reject, listening) => {
    const last = requests.at(-1) as IDBRequest | undefined;
    if (last) last.onsuccess = () => resolve();
    else resolve();
    const abort = () => {
      reject(signal.reason);
      // It may have finished in the meantime.
      attempt(() => transaction.abort());
    };
    signal.addEventListener('abort', abort, listening);
  });
}

/**
 * Commits a transaction that writes, and resolves when it has completed. From the call on it takes place even if the page does not live
 * to see it, and it is too late to abort it.
 */
export function commit(transaction: IDBTransaction): Promise<void> {
  transaction.commit();
  return settled(transaction, (resolve) => {
    transaction.oncomplete = () => resolve();
  });
}

/** Whether a transaction takes requests. If it does, one for a key that is none is refused for just that. */
export function isActive(transaction: IDBTransaction, store: string): boolean {
  const refusal = attempt(() => transaction.objectStore(store).get(Number.NaN));
  return (refusal as Error).name === 'DataError';
}

/** Rejects when the transaction is aborted. */
async function settled(
  transaction: IDBTransaction,
  listen: (resolve: () => void, reject: (reason: unknown) => void, listening: AbortController) => void,
): Promise<void> {
  const listening = new AbortController();
  const done = new Promise<void>((resolve, reject) => {
    const abort = () => reject(abortError(transaction));
    transaction.onabort = abort;
    // When a connection is lost, Chromium forgets to tell some of its transactions.
    transaction.db.addEventListener('close', abort, listening);
    listen(resolve, reject, listening);
  });
  await done.finally(() => listening.abort());
}

/** Why a transaction was aborted. Its own error may be null if the browser did it, and may have no message. */
function abortError({ error, objectStoreNames: [store] }: IDBTransaction): DOMException {
  if (error?.message) return error;
  const name = error?.name ?? 'AbortError';
  return new DOMException(`The browser aborted a transaction on the object store '${store}': ${name}`, name);
}
