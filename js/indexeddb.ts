import { type LockResource, webLocks } from './browser.js';
import { Connection } from './indexeddb/connection.js';
import { transact } from './indexeddb/transaction.js';
import { mistyped, show } from './options.js';
import type { BatchContext } from './types.js';

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
  /** Reads the record, in a transaction of its own. */
  loadResource: (key: Key, context: BatchContext) => Promise<Resource>;
  /** Writes the record, or deletes it if the resource is undefined, and resolves when the transaction has completed. */
  saveResource: (key: Key, resource: Resource | undefined, context: BatchContext) => Promise<void>;
  /** Keeps other tabs and workers of the origin off the record for as long as a batch is pending. */
  lockResource: (key: Key, context: BatchContext) => ReturnType<LockResource> | undefined;
  /** Closes the connection as soon as its transactions have ended. The next load or save opens it again. */
  close: () => void;
}

/**
 * Keeps resources in an object store of IndexedDB: spread the result into the options of `startProcessor`.
 *
 * - The connection is opened by the first load and stays open. It closes when another tab wants to upgrade or delete the database.
 *   When it has been closed, or lost (as in Safari after a while in the background), a load or save opens it again, once.
 * - A save is done when its transaction has completed. It commits in the same turn in which it begins: from then on it takes place
 *   even if the page is left, and it cannot be aborted any more.
 * - The batch's signal ends the wait for the connection, aborts the transaction of a load, and keeps a save from beginning.
 * - The locks are those of `webLocks({ prefix: 'indexeddb:DATABASE/STORE:' })`. Outside of browsers, where Web Locks are missing, nothing
 *   is locked. A page that is not secure has none either, but may have other tabs: there every batch fails, unless
 *   `lockResource: undefined` says that this is known.
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
  const lock = webLocks({ prefix: `indexeddb:${name}/${storeName}:` });

  async function request<T>(
    mode: 'readonly' | 'readwrite',
    makeRequest: (store: IDBObjectStore) => IDBRequest<T>,
    signal: AbortSignal,
  ): Promise<T> {
    for (let reopened = false; ; reopened = true) {
      signal.throwIfAborted();
      // An open database is not waited for: in a page that is being left there may be no later.
      let { database } = connection;
      try {
        database ??= await connection.open(signal);
        return await transact(database, options, mode, makeRequest, signal);
      } catch (error) {
        if (reopened || signal.aborted || !isConnectionLost(error)) throw error;
        if (database) connection.drop(database);
      }
    }
  }

  return {
    async loadResource(key, { signal }) {
      const resource = await request('readonly', (store) => store.get(key), signal);
      return resource === undefined ? initial?.(key) : resource;
    },

    async saveResource(key, resource, { signal }) {
      await request(
        'readwrite',
        (store) => (resource === undefined ? store.delete(key) : put(store, key, resource)),
        signal,
      );
    },

    lockResource(key, context) {
      // Where not even a page could have them there is no other tab to lock out.
      const isPossible = globalThis.navigator?.locks || globalThis.isSecureContext === false;
      return isPossible ? lock(key, context) : undefined;
    },

    close: () => connection.close(),
  };
}

function put(store: IDBObjectStore, key: string | number, resource: unknown): IDBRequest {
  try {
    return store.put(resource, key);
  } catch (error) {
    // What a getter of the resource throws is not the store's to explain.
    if (!(error instanceof DOMException)) throw error;
    throw new DOMException(
      `The resource ${show(key)} cannot be put into '${store.name}': ${error.message}`,
      error.name,
    );
  }
}

/** Whether a new connection may help. Firefox aborts the transactions of a connection that it has lost before it tells so. */
function isConnectionLost(error: unknown): boolean {
  return (
    error instanceof DOMException && ['InvalidStateError', 'UnknownError', 'AbortError'].includes(error.name)
  );
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
