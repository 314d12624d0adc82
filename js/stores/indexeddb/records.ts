import { show } from '../../core/settings.js';
import { isError } from '../../core/thenables.js';
import type { SavedBatch } from '../../core/types.js';
import { attempt } from '../failure.js';
import type { IndexedDBStoreOptions } from './options.js';

/** What is to be written for a batch; if there is no record for its resource, the Error that says why. */
export interface Write {
  key: string | number;
  signal: AbortSignal;
  record: unknown;
}

/** The request that reads a record, or why there is none. */
export function get(store: IDBObjectStore, { key }: { key: string | number }): IDBRequest | Error {
  return refusal(store) ?? store.get(key);
}

/** The resource that has been read, or what keeps it from being made: the failure of this batch alone. */
export function resourceOf<Resource, Key extends string | number>(
  request: IDBRequest | Error,
  key: Key,
  { initial, decode }: IndexedDBStoreOptions<Resource, Key>,
): Resource | Error | undefined {
  if (!(request instanceof IDBRequest)) return request;
  const { result } = request;
  return attempt(() => {
    if (result === undefined) return initial?.(key);
    return decode ? decode(result, key) : result;
  });
}

export function writeOf<Resource, Key extends string | number>(
  { key, signal, resource }: SavedBatch<Resource | undefined, Key>,
  { encode }: IndexedDBStoreOptions<Resource, Key>,
): Write {
  const record = attempt(() => {
    const record = encode && resource !== undefined ? encode(resource, key) : resource;
    if (!isError(record)) return record;
    const why = 'as an Error it would be taken for a load that failed';
    throw new TypeError(`The resource ${show(key)} cannot be put into an object store: ${why}`);
  });
  return { key, signal, record };
}

/** The request that writes a record, or why there is none. */
export function put(store: IDBObjectStore, { key, record }: Write): IDBRequest | Error {
  const refused = refusal(store);
  if (refused) return refused;
  if (record === undefined) return store.delete(key);
  if (isError(record)) return record as Error;
  const request = attempt(() => store.put(record, key));
  if (!(request instanceof DOMException)) return request;
  const message = `The resource ${show(key)} cannot be put into '${store.name}': ${request.message}`;
  return new DOMException(message, request.name);
}

/** An object store that somebody else has made may be one that takes no keys. */
function refusal({ name, keyPath }: IDBObjectStore): DOMException | undefined {
  if (keyPath === null) return undefined;
  return new DOMException(
    `The object store '${name}' has the keyPath ${show(keyPath)}, but must have none: its records are under keys of their own`,
    'DataError',
  );
}
