import type { SharedTransaction } from './sharing.js';
import type { IndexedDBStoreOptions } from './store.js';

/** What a transaction is for: to load; to load, and to save if that follows at once; or to save. */
export type Mode = 'readonly' | 'shared' | 'readwrite';

/**
 * Makes requests in a transaction, and resolves to them when the transaction has completed. One that is shared has not: its requests
 * have succeeded, and the save can make its own.
 *
 * A writing transaction is committed before this function returns: from then on it takes place even if the page does not live to see
 * it, and it is too late to abort it. A reading one is aborted when the signal aborts.
 */
export async function transact<Requests extends readonly unknown[]>(
  database: IDBDatabase,
  { store, durability }: Pick<IndexedDBStoreOptions<unknown>, 'store' | 'durability'>,
  mode: Mode,
  makeRequests: (store: IDBObjectStore) => Requests,
  signal: AbortSignal,
  shared: SharedTransaction,
): Promise<Requests> {
  const transaction =
    (mode === 'readwrite' && shared.take(store)) ||
    database.transaction(store, mode === 'readonly' ? mode : 'readwrite', durability && { durability });
  const requests = makeRequests(transaction.objectStore(store));
  if (mode === 'readwrite') transaction.commit();

  const listening = new AbortController();
  try {
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      const last = requests.at(-1);
      if (mode === 'shared' && last instanceof IDBRequest) {
        last.onsuccess = () => {
          shared.offer(transaction);
          resolve();
        };
      }
      transaction.onabort = () => reject(abortError(store, transaction.error));
      // When a connection is lost, Chromium forgets to tell some of its transactions.
      database.addEventListener('close', () => reject(abortError(store)), listening);
      if (mode !== 'readwrite') {
        const abort = () => {
          reject(signal.reason);
          abortUnlessFinished(transaction);
        };
        signal.addEventListener('abort', abort, listening);
      }
    });
  } finally {
    listening.abort();
  }
  return requests;
}

/** Why a transaction was aborted. Its own error may be null if the browser did it, and may have no message. */
function abortError(store: string, error?: DOMException | null): DOMException {
  if (error?.message) return error;
  const name = error?.name ?? 'AbortError';
  return new DOMException(`The browser aborted a transaction on the object store '${store}': ${name}`, name);
}

function abortUnlessFinished(transaction: IDBTransaction): void {
  try {
    transaction.abort();
  } catch (error) {
    if ((error as DOMException).name !== 'InvalidStateError') throw error;
  }
}
