import type { Connection } from './connection.js';
import { asError } from './failure.js';
import type { IndexedDBStoreOptions } from './store.js';
import { commit, isActive, read } from './transaction.js';

type Request = IDBRequest | Error;
type MakeRequest<Batch> = (store: IDBObjectStore, batch: Batch) => Request;
type Transact<Batch> = (database: IDBDatabase, batches: readonly Batch[]) => Promise<Request[]>;

/**
 * Transactions on an object store, over a connection that is opened anew when it was lost. They resolve to a request for each batch, or
 * to an Error in the place of one that has failed.
 */
export class Transactions {
  readonly #options: Pick<IndexedDBStoreOptions<unknown>, 'store' | 'durability'>;
  readonly #connection: Connection;
  /** That of the latest load, as long as no save has taken it over. */
  #ofLoad: IDBTransaction | undefined;

  constructor(options: Pick<IndexedDBStoreOptions<unknown>, 'store' | 'durability'>, connection: Connection) {
    this.#options = options;
    this.#connection = connection;
  }

  /** With `'readwrite'` a save can take over the transaction, as long as nothing but microtasks has run since the load's end. */
  load<Batch>(
    mode: 'readonly' | 'readwrite',
    batches: readonly Batch[],
    makeRequest: MakeRequest<Batch>,
    signal: AbortSignal,
  ): Promise<Request[]> {
    return this.#together(batches, signal, async (database, some) => {
      const transaction = this.#begin(database, mode);
      const requests = this.#request(transaction, some, makeRequest);
      await read(transaction, requests, signal);
      if (mode === 'readwrite') this.#ofLoad = transaction;
      return requests;
    });
  }

  save<Batch>(
    batches: readonly Batch[],
    makeRequest: MakeRequest<Batch>,
    signal: AbortSignal,
  ): Promise<Request[]> {
    return this.#together(batches, signal, async (database, some) => {
      const ofLoad = this.#ofLoad;
      this.#ofLoad = undefined;
      const isShared = ofLoad && isActive(ofLoad, this.#options.store);
      const transaction = isShared ? ofLoad : this.#begin(database, 'readwrite');
      const requests = this.#request(transaction, some, makeRequest);
      await commit(transaction);
      // In Firefox a transaction that has been committed completes even if one of its requests fails.
      return requests.map((request) => (request instanceof IDBRequest && request.error) || request);
    });
  }

  #begin(database: IDBDatabase, mode: 'readonly' | 'readwrite'): IDBTransaction {
    const { store, durability } = this.#options;
    return database.transaction(store, mode, durability && { durability });
  }

  #request<Batch>(transaction: IDBTransaction, batches: readonly Batch[], makeRequest: MakeRequest<Batch>) {
    const store = transaction.objectStore(this.#options.store);
    return batches.map((batch) => makeRequest(store, batch));
  }

  /**
   * If the transaction is aborted, nothing has been done; as that may be on account of one batch, each half of them then gets a
   * transaction of its own, and so on until that one is alone.
   */
  async #together<Batch>(
    batches: readonly Batch[],
    signal: AbortSignal,
    transact: Transact<Batch>,
  ): Promise<Request[]> {
    try {
      return await this.#onConnection(batches, signal, transact);
    } catch (error) {
      const isOfOne = this.#connection.database !== undefined && !signal.aborted;
      if (batches.length === 1 || !isOfOne) throw error;
    }
    const middle = batches.length >> 1;
    const halves = [batches.slice(0, middle), batches.slice(middle)].map((half) =>
      this.#together(half, signal, transact).catch((reason) => half.map(() => asError(reason))),
    );
    return (await Promise.all(halves)).flat();
  }

  async #onConnection<Batch>(
    batches: readonly Batch[],
    signal: AbortSignal,
    transact: Transact<Batch>,
  ): Promise<Request[]> {
    for (let reopened = false; ; reopened = true) {
      signal.throwIfAborted();
      // An open database is not waited for: in a page that is being left there may be no later.
      let { database } = this.#connection;
      try {
        database ??= await this.#connection.open(signal);
        return await transact(database, batches);
      } catch (error) {
        if (reopened || signal.aborted || !isConnectionLost(error)) throw error;
        if (database) this.#connection.drop(database);
      }
    }
  }
}

/** Whether a new connection may help. Firefox aborts the transactions of a connection that it has lost before it tells so. */
function isConnectionLost(error: unknown): boolean {
  return (
    error instanceof DOMException && ['InvalidStateError', 'UnknownError', 'AbortError'].includes(error.name)
  );
}
