import { openDB, unwrap } from 'idb';
import type { IndexedDBStoreOptions } from './store.js';

/** What it takes to open a database that has the object store. */
type Settings = Pick<IndexedDBStoreOptions<unknown>, 'database' | 'store' | 'version' | 'upgrade'>;

/** A connection to a database: opened when it is first needed, kept open, and opened anew after it was lost. */
export class Connection {
  readonly #settings: Settings;
  #database: IDBDatabase | undefined;
  #opening: Promise<IDBDatabase> | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** The database, if it is open. */
  get database(): IDBDatabase | undefined {
    return this.#database;
  }

  /** Opens the database, once for all who ask meanwhile. Whose signal aborts does not wait any longer. */
  open(signal: AbortSignal): Promise<IDBDatabase> {
    return new Promise((resolve, reject) => {
      const abort = () => reject(signal.reason);
      signal.addEventListener('abort', abort);
      const opened = this.#open().finally(() => signal.removeEventListener('abort', abort));
      opened.then(resolve, reject);
    });
  }

  async #open(): Promise<IDBDatabase> {
    this.#opening ??= openWithStore(this.#settings);
    const opening = this.#opening;
    try {
      const database = await opening;
      if (this.#opening === opening) {
        this.#database = database;
        database.onclose = database.onversionchange = () => this.drop(database);
      }
      return database;
    } finally {
      if (this.#opening === opening) this.#opening = undefined;
    }
  }

  /** Closes a database that is not to be used any more. Transactions that have begun go on. */
  drop(database: IDBDatabase): void {
    database.close();
    if (this.#database === database) this.#database = undefined;
  }

  close(): void {
    if (this.#database) this.drop(this.#database);
    // If it does not open, whoever waits for it learns why.
    this.#opening?.then(
      (database) => database.close(),
      () => {},
    );
    this.#opening = undefined;
  }
}

/** Without a version in the settings, a database that lacks the object store gets it with the next version. */
async function openWithStore(settings: Settings, version = settings.version): Promise<IDBDatabase> {
  const database = await openVersion(settings, version);
  if (database.objectStoreNames.contains(settings.store)) return database;

  database.close();
  if (settings.version !== undefined) {
    throw new DOMException(
      `The database '${settings.database}' has no object store '${settings.store}' in version ${settings.version}: ` +
        'it is made in an upgrade to a higher version',
      'NotFoundError',
    );
  }
  return openWithStore(settings, database.version + 1).catch((error) => {
    // Somebody else has made that version in the meantime, and one more.
    if (error.name === 'VersionError') return openWithStore(settings);
    throw error;
  });
}

async function openVersion(settings: Settings, version: number | undefined): Promise<IDBDatabase> {
  const { database: name, store, upgrade } = settings;
  let failure: { cause: unknown } | undefined;
  try {
    const database = await openDB(name, version, {
      upgrade(database, oldVersion, newVersion, transaction) {
        // It ends before the opening does, which tells the same.
        transaction.done.catch(() => {});
        try {
          upgrade?.(unwrap(database), oldVersion, newVersion as number, unwrap(transaction));
          if (!database.objectStoreNames.contains(store)) database.createObjectStore(store);
        } catch (cause) {
          failure = { cause };
          transaction.abort();
        }
      },
    });
    return unwrap(database);
  } catch (error) {
    throw failure ? failure.cause : error;
  }
}
