import 'fake-indexeddb/auto';
import { startProcessor } from 'groupcommit';
import { indexedDBStore } from 'groupcommit/indexeddb';
import { openDB } from 'idb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { load, save } from '../browser/record.js';
import { rejectionOf } from './support.js';

let database: string;
let databases = 0;
beforeEach(() => {
  database = `records ${++databases}`;
});
afterEach(() => vi.restoreAllMocks());

async function stored(key: string): Promise<unknown> {
  const connection = await openDB(database);
  const record = await connection.get('carts', key);
  connection.close();
  return record;
}

class Cart {
  items: string[];

  constructor(items: string[] = []) {
    this.items = items;
  }

  add(item: string): void {
    this.items.push(item);
  }
}

const { signal } = new AbortController();
const batch = <Resource>(key: string, resource: Resource) => ({ key, signal, resource });

describe('encode and decode', () => {
  test('Resources that are instances of a class stay so from batch to batch', async () => {
    const carts = startProcessor({
      ...indexedDBStore({
        database,
        store: 'carts',
        initial: () => new Cart(),
        decode: (record) => new Cart((record as Cart).items),
      }),
      minDuration: 0,
    });
    await carts.run('alice', (cart) => cart.add('apple'));
    await carts.run('alice', (cart) => cart.add('pear'));
    expect(await carts.read('alice', (cart) => cart)).toEqual(new Cart(['apple', 'pear']));
  });

  test('Records of an older shape become what they are today', async () => {
    await save(indexedDBStore<unknown>({ database, store: 'carts' }), 'alice', ['apple']);
    const carts = startProcessor({
      ...indexedDBStore({
        database,
        store: 'carts',
        initial: () => new Cart(),
        decode: (record, key) => (Array.isArray(record) ? new Cart([...record, `of ${key}`]) : new Cart()),
        encode: ({ items }, key) => ({ key, items }),
      }),
      minDuration: 0,
    });
    await carts.run('alice', (cart) => cart.add('pear'));
    expect(await stored('alice')).toEqual({ key: 'alice', items: ['apple', 'of alice', 'pear'] });
  });

  test('Each is called once for each record, also where a transaction is repeated; not for what is missing or deleted', async () => {
    const encode = vi.fn((count: number) => ({ count }));
    const decode = vi.fn((record: unknown) => (record as { count: number }).count);
    const upgrade = (db: IDBDatabase) => {
      db.createObjectStore('carts').createIndex('count', 'count', { unique: true });
    };
    const store = indexedDBStore({ database, store: 'carts', version: 1, upgrade, encode, decode });
    const keys = ['alice', 'bob', 'carol', 'dave'];
    const outcome = await store.saveResources(
      [1, 2, 2, 4].map((count, i) => batch(keys[i] as string, count)),
      { signal },
    );
    expect(outcome.map((failure) => failure?.name)).toEqual([
      undefined,
      undefined,
      'ConstraintError',
      undefined,
    ]);
    expect(encode.mock.calls).toEqual([
      [1, 'alice'],
      [2, 'bob'],
      [2, 'carol'],
      [4, 'dave'],
    ]);
    const loaded = await store.loadResources(
      keys.map((key) => batch(key, undefined)),
      { signal },
    );
    expect(loaded).toEqual([1, 2, undefined, 4]);
    expect(decode.mock.calls).toEqual([
      [{ count: 1 }, 'alice'],
      [{ count: 2 }, 'bob'],
      [{ count: 4 }, 'dave'],
    ]);
    await save<number | undefined, string>(store, 'alice', undefined);
    expect(encode).toHaveBeenCalledTimes(4);
    expect(await stored('alice')).toBeUndefined();
  });

  test('What they throw is the failure of that batch alone', async () => {
    const reason = new Error('not this one');
    const refuse = (value: unknown) => {
      if (value === 'bad') throw reason;
      return value;
    };
    const plain = indexedDBStore<unknown>({ database, store: 'carts' });
    for (const [key, record] of [
      ['alice', 'good'],
      ['bob', 'bad'],
      ['carol', 'good'],
    ] as const) {
      await save(plain, key, record);
    }
    const store = indexedDBStore<unknown>({ database, store: 'carts', encode: refuse, decode: refuse });
    const batches = ['alice', 'bob', 'carol'].map((key) => batch(key, key === 'bob' ? 'bad' : 'better'));
    expect(await store.loadResources(batches, { signal })).toEqual(['good', reason, 'good']);
    expect(await store.saveResources(batches, { signal })).toEqual([undefined, reason, undefined]);
    expect([await stored('alice'), await stored('bob'), await stored('carol')]).toEqual([
      'better',
      'bad',
      'better',
    ]);
  });

  test('An Error can be a resource if it is encoded; a record that is undefined is deleted', async () => {
    const store = indexedDBStore<unknown>({
      database,
      store: 'carts',
      encode: (resource) => (resource instanceof Error ? resource.message : undefined),
    });
    await save(store, 'alice', new Error('text'));
    expect(await stored('alice')).toBe('text');
    await save(store, 'alice', 'anything else');
    expect(await stored('alice')).toBeUndefined();
  });
});

describe('An object store with a keyPath', () => {
  test.each([['id'], [['id', 'name']], ['']])('fails at the first load, by name: %j', async (keyPath) => {
    const upgrade = (db: IDBDatabase) => void db.createObjectStore('carts', { keyPath });
    const carts = startProcessor<unknown>({
      ...indexedDBStore<unknown>({ database, store: 'carts', version: 1, upgrade }),
      minDuration: 0,
    });
    const operation = vi.fn(() => ({ id: 1 }));
    const error = await rejectionOf(carts.update('alice', operation));
    expect(error).toMatchObject({
      code: 'ERR_LOAD_FAILED',
      cause: { name: 'DataError', message: expect.stringMatching(/'carts' has the keyPath /) },
    });
    expect(operation).not.toHaveBeenCalled();
  });

  test('and at a save without a load', async () => {
    const upgrade = (db: IDBDatabase) => void db.createObjectStore('carts', { keyPath: 'id' });
    const store = indexedDBStore<unknown>({ database, store: 'carts', version: 1, upgrade });
    for (const resource of [{ id: 1 }, undefined]) {
      expect(await rejectionOf(save(store, 'alice', resource))).toMatchObject({ name: 'DataError' });
    }
    expect(await rejectionOf(load(store, 'alice'))).toMatchObject({ name: 'DataError' });
  });
});

describe('The error of a transaction', () => {
  test('is that of the request that failed, where the transaction tells only that it was aborted', async () => {
    const store = indexedDBStore<number>({ database, store: 'carts' });
    await load(store, 'alice');
    const { put } = IDBObjectStore.prototype;
    const quota = new DOMException('no space', 'QuotaExceededError');
    const putting = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (
      this: IDBObjectStore,
      ...args
    ) {
      const request = put.apply(this, args);
      // As in Firefox.
      Object.defineProperty(request, 'error', { get: () => quota, set() {} });
      Object.defineProperty(this.transaction, 'error', {
        get: () => new DOMException('aborted', 'AbortError'),
        set() {},
      });
      queueMicrotask(() => this.transaction.abort());
      return request;
    });
    vi.spyOn(IDBTransaction.prototype, 'commit').mockImplementation(() => {});
    expect(await rejectionOf(save(store, 'alice', 1))).toBe(quota);
    expect(putting).toHaveBeenCalledTimes(1);
  });
});
