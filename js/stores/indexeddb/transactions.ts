import { asError } from '../failure.js';
import type { Connection } from './connection.js';
import { SharedTransaction } from './sharing.js';
import { type Mode, type Surroundings, transact } from './transaction.js';

type Request = IDBRequest | Error;

/** Transactions on an object store, over a connection that is opened anew when it was lost. */
export class Transactions {
  readonly #connection: Connection;
  readonly #surroundings: Surroundings;

  constructor({ store, durability }: Pick<Surroundings, 'store' | 'durability'>, connection: Connection) {
    this.#connection = connection;
    this.#surroundings = { store, durability, shared: new SharedTransaction(), waiting: connection.waiting };
  }

  /**
   * Makes a request for each of the batches, all in one transaction, and resolves to them when that has completed. If it is aborted,
   * nothing has been done; as that may be on account of one batch, each half of them then gets a transaction of its own, and so on until
   * that one is alone. In its place is then an Error.
   */
  async run<Batch extends { signal: AbortSignal }>(
    mode: Mode,
    batches: readonly Batch[],
    makeRequest: (store: IDBObjectStore, batch: Batch) => Request,
    signal: AbortSignal,
  ): Promise<Request[]> {
    try {
      const makeRequests = (store: IDBObjectStore) => batches.map((batch) => makeRequest(store, batch));
      return (await this.#transact(mode, batches, makeRequests, signal)).map(outcomeOf);
    } catch (error) {
      const isOfOne = this.#connection.sessionOf(batches) !== undefined && !signal.aborted;
      if (batches.length === 1 || !isOfOne) throw error;
    }
    const middle = batches.length >> 1;
    const halves = [batches.slice(0, middle), batches.slice(middle)].map((half) =>
      this.run(mode, half, makeRequest, signal).catch((reason) => half.map(() => asError(reason))),
    );
    return (await Promise.all(halves)).flat();
  }

  async #transact(
    mode: Mode,
    batches: readonly { signal: AbortSignal }[],
    makeRequests: (store: IDBObjectStore) => Request[],
    signal: AbortSignal,
  ): Promise<Request[]> {
    const connection = this.#connection;
    const { closings } = connection;
    for (let reopened = false; ; reopened = true) {
      signal.throwIfAborted();
      // An open database is not waited for: in a page that is being left there may be no later.
      let session = connection.sessionOf(batches);
      try {
        const isLoad = mode !== 'readwrite';
        session ??= await connection.open(signal, isLoad ? [] : batches);
        if (isLoad) connection.enter(batches, session);
        return await transact(session.database, mode, makeRequests, signal, this.#surroundings);
      } catch (error) {
        const isLost = isConnectionLost(error) && closings === connection.closings;
        // One that has not answered by the deadline may never answer again.
        if (isLost || signal.aborted) session?.close();
        if (reopened || signal.aborted || !isLost) throw error;
      }
    }
  }
}

/** In Firefox a transaction that has been committed completes even if one of its requests fails. */
function outcomeOf(request: Request): Request {
  return request instanceof IDBRequest ? (request.error ?? request) : request;
}

/** Whether a new connection may help. Firefox aborts the transactions of a connection that it has lost before it tells so. */
function isConnectionLost(error: unknown): boolean {
  return (
    error instanceof DOMException && ['InvalidStateError', 'UnknownError', 'AbortError'].includes(error.name)
  );
}
