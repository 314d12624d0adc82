import { asError } from './failure.js';
import type { IndexedDBStoreOptions } from './options.js';
import type { SharedTransaction } from './sharing.js';

/** How long a save that is under way may still take when its deadline has passed, in ms. */
const PATIENCE = 10_000;

/** What a transaction is for: to load; to load, and to save if that follows at once; or to save. */
export type Mode = 'readonly' | 'shared' | 'readwrite';

/** What all transactions of a store have in common. */
export interface Surroundings extends Pick<IndexedDBStoreOptions<unknown>, 'store' | 'durability'> {
  shared: SharedTransaction;
  /** Here is, while a transaction is under way, how to end the wait for it. */
  waiting: Set<(reason: DOMException) => void>;
}

/**
 * Makes requests in a transaction, and resolves to them when the transaction has completed. One that is shared has not: its requests
 * have succeeded, and the save can make its own.
 *
 * A writing transaction is committed before this function returns: from then on it takes place even if the page does not live to see
 * it, and it is too late to abort it. A reading one is aborted when the signal aborts.
 */
export async function transact<Requests extends readonly (IDBRequest | Error)[]>(
  database: IDBDatabase,
  mode: Mode,
  makeRequests: (store: IDBObjectStore) => Requests,
  signal: AbortSignal,
  { store, durability, shared, waiting }: Surroundings,
): Promise<Requests> {
  const transaction =
    (mode === 'readwrite' && shared.take(store)) ||
    database.transaction(store, mode === 'readonly' ? mode : 'readwrite', durability && { durability });
  const requests = makeRequests(transaction.objectStore(store));
  if (mode === 'readwrite') transaction.commit();

  const listening = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let end: (reason: DOMException) => void = () => {};
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
      transaction.onabort = () => reject(abortError(store, failureOf(requests) ?? transaction.error));
      // When a connection is lost, Chromium forgets to tell some of its transactions.
      database.addEventListener('close', () => reject(abortError(store)), listening);

      end = (reason) => {
        reject(mode === 'readwrite' ? unknownOutcome(store, reason) : reason);
        if (mode !== 'readwrite') abortUnlessFinished(transaction);
      };
      waiting.add(end);
      const abort = () => {
        if (mode !== 'readwrite') end(signal.reason);
        // It cannot be taken back, so that its outcome counts, if there is one.
        else timer = setTimeout(end, PATIENCE, signal.reason);
      };
      signal.addEventListener('abort', abort, listening);
    });
  } finally {
    listening.abort();
    waiting.delete(end);
    clearTimeout(timer);
  }
  return requests;
}

/** The request that has failed. Those that were under way then have an AbortError, and so has the transaction in Firefox. */
function failureOf(requests: readonly (IDBRequest | Error)[]): DOMException | null | undefined {
  for (const request of requests) {
    if (request instanceof IDBRequest && request.error && request.error.name !== 'AbortError')
      return request.error;
  }
  return undefined;
}

/** Why a transaction was aborted. Its own error may be null if the browser did it, and may have no message. */
function abortError(store: string, error?: DOMException | null): DOMException {
  if (error?.message) return error;
  const name = error?.name ?? 'AbortError';
  return new DOMException(`The browser aborted a transaction on the object store '${store}': ${name}`, name);
}

/** What ended the wait for a save that may have taken place, or may still. */
function unknownOutcome(store: string, reason: unknown): DOMException {
  const { name, message } = asError(reason);
  return new DOMException(
    `It is not known whether the object store '${store}' has been changed, which has not answered: ${message}`,
    name,
  );
}

export function abortUnlessFinished(transaction: IDBTransaction): void {
  try {
    transaction.abort();
  } catch (error) {
    if ((error as DOMException).name !== 'InvalidStateError') throw error;
  }
}
