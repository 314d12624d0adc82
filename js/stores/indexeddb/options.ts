import { mistyped, show } from '../../core/settings.js';

/** Options of {@link indexedDBStore}. */
export interface IndexedDBStoreOptions<Resource, Key extends string | number = string> {
  /** The name of the database. */
  database: string;
  /**
   * The name of the object store that has the records, each under its key: so it has no `keyPath`, or every load fails. If it is missing
   * it is made whenever the database is upgraded.
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
   * Is called when the upgrade has to wait, since another tab has a connection that does not close. That may be time to ask the visitor
   * to close or reload the other tabs.
   */
  blocked?: ((oldVersion: number, newVersion: number) => void) | undefined;
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
  /**
   * Makes the resource of a record: an instance of a class, which IndexedDB stores without its methods, or a record of today's shape of an
   * older one. It is called once for each record that is loaded, synchronously. What it throws is the failure of that batch alone.
   *
   * @defaultValue the record is the resource
   */
  decode?: ((record: unknown, key: Key) => Resource) | undefined;
  /**
   * Makes the record of a resource, to be read by `decode`. It is called once for each resource that is saved, synchronously, but not for
   * undefined. What it throws is the failure of that batch alone. If it returns undefined, the record is deleted.
   *
   * @defaultValue the resource is the record
   */
  encode?: ((resource: Resource, key: Key) => unknown) | undefined;
}

const durabilities: unknown[] = ['default', 'strict', 'relaxed', undefined];

/** Throws the TypeError or RangeError that names the first option of the wrong kind. */
export function check(options: unknown): void {
  if (typeof options !== 'object' || options === null) {
    throw mistyped('The options', 'an object', options);
  }
  const { database, store, version, durability, ...others } = options as Record<string, unknown>;
  for (const [name, value] of Object.entries({ database, store })) {
    if (typeof value !== 'string') throw mistyped(name, 'a string', value);
  }
  if (version !== undefined && typeof version !== 'number') {
    throw mistyped('version', 'a number', version);
  }
  if (version !== undefined && !(Number.isSafeInteger(version) && version > 0)) {
    throw new RangeError(`version must be a whole number above 0, not ${version}`);
  }
  for (const name of ['upgrade', 'blocked', 'initial', 'decode', 'encode']) {
    const value = others[name];
    if (value !== undefined && typeof value !== 'function') {
      throw mistyped(name, 'a function', value);
    }
  }
  if (!durabilities.includes(durability)) {
    throw new TypeError(`durability must be 'default', 'strict' or 'relaxed', not ${show(durability)}`);
  }
}
