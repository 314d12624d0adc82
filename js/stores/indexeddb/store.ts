import type { Context } from '../../core/context.js';
import { mistyped, show } from '../../core/settings.js';
import { isError } from '../../core/thenables.js';
import type { BatchContext, CallContext, SavedBatch } from '../../core/types.js';
import type { LockResource } from '../../page/locks.js';
import { Connection } from './connection.js';
import { attempt } from './failure.js';
import { storeLocks } from './locks.js';
import { Transactions } from './transactions.js';

/** Options of {@link indexedDBStore}. */
export interface IndexedDBStoreOptions<Resource, Key extends string | number = string> {
  /** The name of the database. */
  database: string;
  /**
   * The name of the object store that has the records, each under its key (so it has no `keyPath`). If it is missing it is made
   * whenever the database is upgraded.
   */
  store: string;
  /**
   * The version of the database, to be raised when `upgrade` has changed. With a version given, an older one is upgraded, and
   * loads fail with a `VersionError` if there is a newer one.
   *
   * @defaultValue whichever version there is; the next one if that has no such object store
   */
  version?: number | undefined;
  /**
   * Makes whatever else the database has, other object stores for example. It works synchronously, like a listener of
   * `upgradeneeded`. If it throws, the upgrade is undone, and the load fails with what it threw.
   */
  upgrade?:
    | ((database: IDBDatabase, oldVersion: number, newVersion: number, transaction: IDBTransaction) => void)
    | undefined;
  /**
   * `'strict'`: a save has reached the disk before it is done, and survives a loss of power; `'relaxed'`: the operating system has
   * it, and it survives the end of the browser.
   *
   * @defaultValue `'default'`, which is `'relaxed'` in today's browsers
   */
  durability?: IDBTransactionDurability | undefined;
  /**
   * Makes the resource of a key that has no record.
   *
   * @defaultValue a function that returns undefined
   */
  initial?: ((key: Key) => Resource) | undefined;
}

/** What {@link indexedDBStore} makes: options for `startProcessor`, and the end of the connection. */
export interface IndexedDBStore<Resource, Key extends string | number = string> {
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
  /** Closes the connection as soon as its transactions have ended. The next load or save opens it again. */
  close: () => void;
}

/**
 * Keeps resources in an object store of IndexedDB: spread the result into the options of `startProcessor`.
 *
 * - The connection is opened by the first load and stays open. It closes when another tab wants to upgrade or delete the database.
 *   When it has been closed, or lost (as in Safari after a while in the background), a load or save opens it again, once.
 * - The records of all batches that load in one turn are read in one transaction, and those of all that save in one turn are written in
 *   one. A record that cannot be read or written does not fail the others.
 * - A save is done when its transaction has completed. It commits in the same turn in which it begins: from then on it takes place
 *   even if the page is left, and it cannot be aborted any more.
 * - The call's signal ends the wait for the connection, aborts the transaction of a load, and keeps a save from beginning.
 * - The locks are Web Locks. Without a window (`minDuration: 0`) nothing but microtasks lies between the load and the save of a batch: they
 *   share a transaction, and all batches that ask in the meantime share one lock, of the whole store: `indexeddb:DATABASE/STORE:`. With a
 *   window a batch has a lock of its own, `indexeddb:DATABASE/STORE:"alice"`, and that of the store in shared mode. So tabs with
 *   different windows lose nothing; those without one wait for the windows of the others.
 * - Outside of browsers, where Web Locks are missing, nothing is locked. A page that is not secure has none either, but may have other
 *   tabs: there every batch fails, unless `lockResource: undefined` says that this is known.
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
  const { database: name, store: storeName, initial } = options;
  const connection = new Connection(options);
  const transactions = new Transactions(options, connection);
  const { takeStore, takeRecord } = storeLocks(`indexeddb:${name}/${storeName}:`);

  return {
    async loadResources(batches, { signal }) {
      const get = (store: IDBObjectStore, { key }: { key: Key }) => store.get(key);
      const mode = batches.every(isBrief) ? 'shared' : 'readonly';
      const requests = await transactions.run(mode, batches, get, signal);
      return batches.map(({ key }, place) => {
        const request = requests[place] as IDBRequest | Error;
        if (!(request instanceof IDBRequest)) return request;
        return request.result === undefined ? attempt(() => initial?.(key)) : request.result;
      });
    },

    async saveResources(batches, { signal }) {
      const requests = await transactions.run('readwrite', batches, put, signal);
      return requests.map((request) => (request instanceof IDBRequest ? undefined : request));
    },

    lockResource(key, context) {
      // Where not even a page could have them there is no other tab to lock out.
      const isPossible = globalThis.navigator?.locks || globalThis.isSecureContext === false;
      if (!isPossible) return undefined;
      return isBrief(context) ? takeStore(key, context) : takeRecord(key, context);
    },

    close: () => connection.close(),
  };
}

/** Whether no time lies between the load and the save of a batch: then it need not leave the store to others meanwhile. */
function isBrief(batch: Pick<BatchContext, 'signal'>): boolean {
  return (batch as Partial<Context>).minDuration === 0;
}

/** Makes the request that saves a resource. What keeps it from being made is the failure of this resource alone. */
function put(store: IDBObjectStore, { key, resource }: SavedBatch<unknown>): IDBRequest | Error {
  if (resource === undefined) return store.delete(key);
  const failure = (why: string) => `The resource ${show(key)} cannot be put into '${store.name}': ${why}`;
  if (isError(resource))
    return new TypeError(failure('as an Error it would be taken for a load that failed'));
  const request = attempt(() => store.put(resource, key));
  return request instanceof DOMException ? new DOMException(failure(request.message), request.name) : request;
}

const durabilities: unknown[] = ['default', 'strict', 'relaxed', undefined];

function check(options: unknown): void {
  if (typeof options !== 'object' || options === null) {
    throw mistyped('The options', 'an object', options);
  }
  const { database, store, version, upgrade, durability, initial } = options as Record<string, unknown>;
  for (const [name, value] of Object.entries({ database, store })) {
    if (typeof value !== 'string') throw mistyped(name, 'a string', value);
  }
  if (version !== undefined && typeof version !== 'number') {
    throw mistyped('version', 'a number', version);
  }
  if (version !== undefined && !(Number.isSafeInteger(version) && version > 0)) {
    throw new RangeError(`version must be a whole number above 0, not ${version}`);
  }
  for (const [name, value] of Object.entries({ upgrade, initial })) {
    if (value !== undefined && typeof value !== 'function') {
      throw mistyped(name, 'a function', value);
    }
  }
  if (!durabilities.includes(durability)) {
    throw new TypeError(`durability must be 'default', 'strict' or 'relaxed', not ${show(durability)}`);
  }
}
