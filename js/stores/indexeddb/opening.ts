import type { IndexedDBStoreOptions } from './options.js';
import { abortUnlessFinished } from './transaction.js';

/** What it takes to open a database that has the object store. */
export type Settings = Pick<
  IndexedDBStoreOptions<unknown>,
  'database' | 'store' | 'version' | 'upgrade' | 'blocked'
>;

/** What becomes of an attempt to open a database. */
export interface Opening {
  /** Whether the object store may be made if it is missing. */
  mayCreate: boolean;
  /** Whether it was. */
  hasCreated: boolean;
  /** Which upgrade has to wait for somebody else's connection, if one has to. */
  blocked: string | undefined;
}

/** Without a version in the settings, a database that lacks the object store gets it with the next version. */
export async function openWithStore(
  settings: Settings,
  opening: Opening,
  version = settings.version,
): Promise<IDBDatabase> {
  const database = await openVersion(settings, opening, version);
  if (database.objectStoreNames.contains(settings.store)) return database;

  database.close();
  if (settings.version !== undefined) {
    throw new DOMException(
      `The database '${settings.database}' has no object store '${settings.store}' in version ${settings.version}: ` +
        'it is made in an upgrade to a higher version',
      'NotFoundError',
    );
  }
  return openWithStore(settings, opening, database.version + 1).catch((error) => {
    // Somebody else has made that version in the meantime, and one more.
    if (error?.name === 'VersionError') return openWithStore(settings, opening);
    throw error;
  });
}

function openVersion(
  settings: Settings,
  opening: Opening,
  version: number | undefined,
): Promise<IDBDatabase> {
  const { database: name, store, upgrade, blocked } = settings;
  let failure: { cause: unknown } | undefined;
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, version);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(failure ? failure.cause : request.error);
    request.onblocked = ({ oldVersion, newVersion }) => {
      opening.blocked = `from version ${oldVersion} to ${newVersion}`;
      blocked?.(oldVersion, newVersion as number);
    };
    request.onupgradeneeded = ({ oldVersion, newVersion }) => {
      const { result: database, transaction } = request;
      opening.blocked = undefined;
      try {
        opening.hasCreated = !database.objectStoreNames.contains(store);
        if (opening.hasCreated && !opening.mayCreate) throw deletedError(name);
        upgrade?.(database, oldVersion, newVersion as number, transaction as IDBTransaction);
        if (!database.objectStoreNames.contains(store)) database.createObjectStore(store);
      } catch (cause) {
        failure = { cause };
        abortUnlessFinished(transaction as IDBTransaction);
      }
    };
  });
}

/** What has been loaded is not to come back after it was deleted. */
export function deletedError(database: string): DOMException {
  return new DOMException(
    `The database '${database}' was deleted while the batch was under way`,
    'AbortError',
  );
}

/** Why the database has not been opened, if `reason` aborted the wait. */
export function notOpenError(database: string, reason: unknown, { blocked }: Opening): unknown {
  if (!(reason instanceof DOMException && reason.name === 'TimeoutError')) return reason;
  const why = blocked
    ? `its upgrade ${blocked} is blocked by another connection, which does not close on 'versionchange'`
    : 'the browser has not answered';
  return new DOMException(
    `The database '${database}' has not opened by the deadline: ${why}`,
    'TimeoutError',
  );
}
