import type { Context } from '../../core/context.js';
import type { BatchContext, CallContext, SavedBatch, SignalOptions } from '../../core/types.js';
import type { LockResource } from '../../page/locks.js';
import { Connection } from './connection.js';
import { storeLocks } from './locks.js';
import { deletedError } from './opening.js';
import { check, type IndexedDBStoreOptions } from './options.js';
import { activation, signalOf } from './prerendering.js';
import { get, put, resourceOf, type Write, writeOf } from './records.js';
import { Transactions } from './transactions.js';

/** What {@link indexedDBStore} makes: options for `startProcessor`, and the end of the connection. */
export interface IndexedDBStore<Resource, Key extends string | number = string> {
  /**
   * 60,000, which is a minute: enough for what a slow phone has to open, for thousands of keys at once, and for the batch of a hidden tab
   * that has the lock, whose timers may ring once a minute. Another one can be given after the store in the options of `startProcessor`.
   */
  maxDuration: number;
  /** Reads the records, in one transaction. An Error is in the place of one that cannot be had. */
  loadResources: (batches: readonly BatchContext<Key>[], call: CallContext) => Promise<(Resource | Error)[]>;
  /**
   * Writes the records, or deletes those whose resource is undefined, in one transaction, and resolves when that has completed. An Error
   * is in the place of one that is not saved.
   */
  saveResources: (
    batches: readonly SavedBatch<Resource | undefined, Key>[],
    call: CallContext,
  ) => Promise<(Error | undefined)[]>;
  /**
   * Keeps other tabs and workers of the origin off the record for as long as a batch is pending. It is to be given the batch itself,
   * which knows whether it has a window.
   */
  lockResource: (key: Key, context: Pick<BatchContext, 'signal'>) => ReturnType<LockResource> | undefined;
  /**
   * The open connection, for what needs no turn and no lock: lists, cursors, a first look at a record. It is the store's own: do not close
   * it, nor keep it, since it closes when another tab wants to upgrade the database. Rejects if the database does not open, or `signal`
   * aborts first.
   */
  database: (options?: SignalOptions) => Promise<IDBDatabase>;
  /**
   * Closes the connection as soon as its transactions have ended, and ends every wait for them and for the database with an `AbortError`; a
   * save that was under way then still takes place, but its callers hear that its outcome is not known. The next load or save opens it
   * again.
   */
  close: () => void;
}

const MAX_DURATION = 60_000;

/**
 * Keeps resources in an object store of IndexedDB: spread the result into the options of `startProcessor`.
 *
 * - The connection is opened by the first load and stays open. When it has been closed, or lost (as in Safari after a while in the
 *   background), a load or save opens it again, once.
 * - When another tab wants to upgrade the database, the batches that have been loaded are still saved; then the connection closes, and what
 *   comes later opens it again. When the database is deleted it closes at once: the batches under way fail, and nothing of them comes
 *   back. It closes also when the page is frozen, if no batch is under way.
 * - The records of all batches that load in one turn are read in one transaction, and those of all that save in one turn are written in
 *   one. A record that cannot be read or written does not fail the others.
 * - A save is done when its transaction has completed. It commits in the same turn in which it begins: from then on it takes place
 *   even if the page is left, and it cannot be aborted any more.
 * - The call's signal ends the wait for the database, aborts the transaction of a load, and keeps a save from beginning. A save that is
 *   under way has 10 seconds more to tell its outcome. A connection that has not answered by then is given up: the next batch opens
 *   another.
 * - The locks are Web Locks. Without a window (`minDuration: 0`) nothing but microtasks lies between the load and the save of a batch: they
 *   share a transaction, and all batches that ask in the meantime share one lock, of the whole store: `indexeddb:DATABASE/STORE:`. With a
 *   window a batch has a lock of its own, `indexeddb:DATABASE/STORE:"alice"`, and that of the store in shared mode. So tabs with
 *   different windows lose nothing; those without one wait for the windows of the others.
 * - In a page or worker that has no Web Locks (it is not secure, or the browser is old) every batch fails, unless `lockResource: undefined`
 *   says that this is known. Outside of browsers nothing is locked. In a page that is prerendered a batch waits for its lock until the page
 *   is shown, and that time does not count.
 *
 * Every failure is an Error with a message; in a `BatchError` it is the `cause`. Those of IndexedDB have its names:
 * `QuotaExceededError`, `DataCloneError` if a resource has something in it that cannot be stored, `VersionError`, …
 *
 * @throws TypeError or RangeError that names the option, if one is of the wrong kind.
 *
 * @example
 * <!-- not run -->
 * ```ts
 * import { startProcessor } from 'groupcommit';
 * import { indexedDBStore } from 'groupcommit/indexeddb';
 *
 * interface Cart { items: string[] }
 *
 * const carts = startProcessor({
 *   ...indexedDBStore({ database: 'shop', store: 'carts', initial: (): Cart => ({ items: [] }) }),
 *   minDuration: 50,
 * });
 * await carts.run('alice', (cart) => void cart.items.push('apple'));
 * ```
 */
export function indexedDBStore<Resource, Key extends string | number = string>(
  options: IndexedDBStoreOptions<Resource, Key> & { initial: (key: Key) => Resource },
): IndexedDBStore<Resource, Key>;
export function indexedDBStore<Resource, Key extends string | number = string>(
  options: IndexedDBStoreOptions<Resource, Key>,
): IndexedDBStore<Resource | undefined, Key>;
export function indexedDBStore<Resource, Key extends string | number>(
  options: IndexedDBStoreOptions<Resource, Key>,
): IndexedDBStore<Resource | undefined, Key> {
  check(options);
  const settings = { ...options };
  const { database, store } = settings;
  const connection = new Connection(settings);
  const transactions = new Transactions(settings, connection);
  const { takeStore, takeRecord } = storeLocks(`indexeddb:${database}/${store}:`);

  return {
    maxDuration: MAX_DURATION,

    async loadResources(batches, call) {
      const mode = batches.every(isBrief) ? 'shared' : 'readonly';
      const signal = signalOf(batches, call, MAX_DURATION);
      const requests = await transactions.run(mode, batches, get, signal);
      return batches.map(({ key }, place) =>
        resourceOf(requests[place] as IDBRequest | Error, key, settings),
      );
    },

    async saveResources(batches, call) {
      const writes = batches.map((batch) => writeOf(batch, settings));
      const write = (store: IDBObjectStore, write: Write) =>
        connection.isDeleted(write.signal) ? deletedError(database) : put(store, write);
      try {
        const signal = signalOf(batches, call, MAX_DURATION);
        const requests = await transactions.run('readwrite', writes, write, signal);
        return requests.map((request) => (request instanceof IDBRequest ? undefined : request));
      } finally {
        connection.leave(batches);
      }
    },

    lockResource(key, batch) {
      // Outside of browsers there is no other tab to lock out.
      if (!globalThis.navigator?.locks && globalThis.isSecureContext === undefined) return undefined;
      const take = isBrief(batch) ? takeStore : takeRecord;
      const takeNow = () => take(key, { signal: signalOf([batch], batch, MAX_DURATION) });
      return activation(batch)?.then(takeNow) ?? takeNow();
    },

    database: async ({ signal } = {}) =>
      (connection.sessionOf([]) ?? (await connection.open(signal))).database,

    close: () => connection.close(),
  };
}

/** Whether no time lies between the load and the save of a batch: then it need not leave the store to others meanwhile. */
function isBrief(batch: Pick<BatchContext, 'signal'>): boolean {
  return (batch as Partial<Context>).minDuration === 0;
}
