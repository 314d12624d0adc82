import { getEventListeners } from 'node:events';
import 'fake-indexeddb/auto';
import { forceCloseDatabase } from 'fake-indexeddb';
import { BatchError, startProcessor } from 'groupcommit';
import { webLocks } from 'groupcommit/browser';
import { type IndexedDBStoreOptions, indexedDBStore } from 'groupcommit/indexeddb';
import { deleteDB, openDB } from 'idb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { load, save } from '../browser/record.js';
import { rejectionOf, settleDown, watch } from './support.js';

interface Account {
  balance: number;
}

let database: string;
let databases = 0;
beforeEach(() => {
  database = `database ${++databases}`;
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const context = (signal = new AbortController().signal) => ({ key: 'alice', signal });
const initial = (): Account => ({ balance: 0 });

function accounts(options: Partial<IndexedDBStoreOptions<Account, string | number>> = {}) {
  return indexedDBStore<Account, string | number>({ database, store: 'accounts', ...options });
}

/** What the database has, read by somebody else. */
async function stored(key: string | number, store = 'accounts'): Promise<unknown> {
  const connection = await openDB(database);
  const record = await connection.get(store, key);
  connection.close();
  return record;
}

/** Keeps every other transaction on the object store waiting. */
async function occupy(): Promise<() => Promise<void>> {
  const connection = await openDB(database);
  const transaction = connection.transaction('accounts', 'readwrite');
  let released = false;
  const kept = (async () => {
    while (!released) await transaction.store.get('nobody');
  })();
  return async () => {
    released = true;
    await kept;
    await transaction.done;
    connection.close();
  };
}

describe('indexedDBStore', () => {
  describe('Records', () => {
    test('A resource is put under its key, and another processor loads it', async () => {
      const processor = startProcessor({ ...accounts({ initial }), minDuration: 0 });
      await processor.run('alice', (account) => ((account as Account).balance += 5));
      expect(await stored('alice')).toEqual({ balance: 5 });

      const other = startProcessor({ ...accounts({ initial }), minDuration: 0 });
      expect(await other.read('alice', (account) => account?.balance)).toBe(5);
    });

    test('A missing record loads as undefined', async () => {
      expect(await load(accounts(), 'alice', context())).toBeUndefined();
    });

    test('or as what initial makes of its key', async () => {
      const store = indexedDBStore({ database, store: 'names', initial: (key: string) => ({ name: key }) });
      expect(await load(store, 'alice', context())).toEqual({ name: 'alice' });
    });

    test('A resource that is undefined deletes the record', async () => {
      const processor = startProcessor<Account | undefined, string | number>({
        ...accounts(),
        minDuration: 0,
      });
      await processor.update('alice', () => ({ balance: 5 }));
      expect(await stored('alice')).toEqual({ balance: 5 });
      await processor.update('alice', () => undefined);
      expect(await stored('alice')).toBeUndefined();
    });

    test('A record that is null, 0, false or empty is there', async () => {
      const store = indexedDBStore<unknown>({ database, store: 'accounts', initial: () => 'initial' });
      for (const value of [null, 0, false, '']) {
        await save(store, 'alice', value, context());
        expect(await load(store, 'alice', context())).toBe(value);
      }
    });

    test("1 and '1' are different keys; -1, 0.5 and Infinity are keys", async () => {
      const store = accounts();
      const keys = [1, '1', -1, 0.5, Infinity, ''];
      for (const [balance, key] of keys.entries()) await save(store, key, { balance }, context());
      for (const [balance, key] of keys.entries()) {
        expect(await load(store, key, context())).toEqual({ balance });
      }
    });
  });

  describe('Saving', () => {
    test('A save is done when its transaction has completed', async () => {
      const events: string[] = [];
      const transaction = IDBDatabase.prototype.transaction;
      vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(function (
        this: IDBDatabase,
        ...args
      ) {
        const made = transaction.apply(this, args);
        if (made.mode === 'readwrite') made.addEventListener('complete', () => events.push('completed'));
        return made;
      });
      await save(accounts(), 'alice', { balance: 1 }, context());
      events.push('done');
      expect(events).toEqual(['completed', 'done']);
    });

    test('It puts and commits before the call returns', async () => {
      const store = accounts();
      await load(store, 'alice', context());
      const put = vi.spyOn(IDBObjectStore.prototype, 'put');
      const commit = vi.spyOn(IDBTransaction.prototype, 'commit');
      const saved = save(store, 'alice', { balance: 1 }, context());
      expect([put.mock.calls.length, commit.mock.calls.length]).toEqual([1, 1]);
      await saved;
    });

    test('The durability is that of the options', async () => {
      const transaction = vi.spyOn(IDBDatabase.prototype, 'transaction');
      await save(accounts({ durability: 'strict' }), 'alice', { balance: 1 }, context());
      expect(transaction).toHaveBeenCalledWith('accounts', 'readwrite', { durability: 'strict' });
    });
  });

  describe('Many records', () => {
    const call = { signal: new AbortController().signal };
    const batch = (key: string, resource?: unknown) => ({ key, resource, ...call });
    const anything = () => indexedDBStore<unknown>({ database, store: 'accounts' });

    test('Without a window they are read and written in one transaction', async () => {
      await load(accounts(), 'alice', call);
      const transaction = vi.spyOn(IDBDatabase.prototype, 'transaction');
      const processor = startProcessor({ ...accounts({ initial }), minDuration: 0 });
      const keys = Array.from({ length: 1000 }, (_, i) => `key ${i}`);
      await Promise.all(keys.map((key, i) => processor.update(key, () => ({ balance: i }))));
      expect(transaction.mock.calls.map(([, mode]) => mode)).toEqual(['readwrite']);
      const batches = keys.map((key) => batch(key));
      expect(await anything().loadResources(batches, call)).toEqual(keys.map((_, i) => ({ balance: i })));
    });

    test('With one they are read in one transaction, and written in one', async () => {
      await load(accounts(), 'alice', call);
      const transaction = vi.spyOn(IDBDatabase.prototype, 'transaction');
      const processor = startProcessor({ ...accounts({ initial }), minDuration: 60_000 });
      const keys = Array.from({ length: 100 }, (_, i) => `key ${i}`);
      for (const [i, key] of keys.entries()) void processor.update(key, () => ({ balance: i }));
      await processor.flush();
      expect(transaction.mock.calls.map(([, mode]) => mode)).toEqual(['readonly', 'readwrite']);
      const batches = keys.map((key) => batch(key));
      expect(await anything().loadResources(batches, call)).toEqual(keys.map((_, i) => ({ balance: i })));
    });

    test('A save that comes too late for the transaction of its load gets one of its own', async () => {
      const store = accounts({ initial });
      await load(store, 'alice', call);
      const transaction = vi.spyOn(IDBDatabase.prototype, 'transaction');
      const processor = startProcessor({
        ...store,
        minDuration: 0,
        saveResources: async (...args) => {
          await settleDown();
          return store.saveResources(...args);
        },
      });
      await processor.run('alice', (account) => ((account as Account).balance += 5));
      expect(transaction.mock.calls.map(([, mode]) => mode)).toEqual(['readwrite', 'readwrite']);
      expect(await stored('alice')).toEqual({ balance: 5 });
    });

    test('Where the shared transaction is aborted on account of one, the others are saved without it', async () => {
      const upgrade = (db: IDBDatabase) => {
        db.createObjectStore('accounts').createIndex('balance', 'balance', { unique: true });
      };
      const processor = startProcessor({ ...accounts({ initial, version: 1, upgrade }), minDuration: 0 });
      const balances = [1, 2, 3, 3, 5];
      const outcomes = await Promise.allSettled(
        balances.map((balance, key) => processor.update(key, () => ({ balance }))),
      );
      expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual([true, true, true, false, true]);
      expect(outcomes[3]).toMatchObject({ reason: { cause: { name: 'ConstraintError' } } });
      const all = await Promise.all(balances.map((_, key) => stored(key)));
      expect(all).toEqual([1, 2, 3, undefined, 5].map((balance) => balance && { balance }));
    });

    test('What cannot be put is the failure of its own key: functions, Errors, and getters that throw', async () => {
      const reason = new Error('no balance');
      const throwing = (thrown: unknown) => ({
        get balance() {
          throw thrown;
        },
      });
      const resources = [1, () => {}, 3, new Error('balance'), throwing(reason), throwing('text'), 7];
      const batches = resources.map((resource, i) => batch(`key ${i}`, resource));
      const outcome = await anything().saveResources(batches, call);
      expect(outcome).toEqual([
        undefined,
        expect.objectContaining({ name: 'DataCloneError', message: expect.stringContaining("'key 1'") }),
        undefined,
        expect.objectContaining({ name: 'TypeError', message: expect.stringContaining("'key 3'") }),
        reason,
        expect.objectContaining({ cause: 'text', message: expect.stringMatching(/./) }),
        undefined,
      ]);
      expect(outcome[4]).toBe(reason);
      const stored = [1, undefined, 3, undefined, undefined, undefined, 7];
      expect(await anything().loadResources(batches, call)).toEqual(stored);
    });

    test('What initial throws is the failure of its own key', async () => {
      const reason = new Error('not this one');
      const store = indexedDBStore({
        database,
        store: 'accounts',
        initial(key: string) {
          if (key === 'bob') throw reason;
          return key;
        },
      });
      const batches = ['alice', 'bob', 'carol'].map((key) => batch(key));
      expect(await store.loadResources(batches, call)).toEqual(['alice', reason, 'carol']);
    });

    test('A request that fails does not fail the others, whose transaction it has aborted', async () => {
      const upgrade = (db: IDBDatabase) => {
        db.createObjectStore('accounts').createIndex('balance', 'balance', { unique: true });
      };
      const store = accounts({ version: 1, upgrade });
      const balances = [1, 2, 3, 3, 5];
      const batches = balances.map((balance, i) => ({ key: i, resource: { balance }, ...call }));
      const constraint = expect.objectContaining({ name: 'ConstraintError' });
      expect(await store.saveResources(batches, call)).toEqual([
        undefined,
        undefined,
        undefined,
        constraint,
        undefined,
      ]);
      const stored = [1, 2, 3, undefined, 5].map((balance) => balance && { balance });
      expect(await store.loadResources(batches, call)).toEqual(stored);
    });

    test('A database that does not open is tried once, not once a key', async () => {
      (await openDB(database, 3)).close();
      const open = vi.spyOn(IDBFactory.prototype, 'open');
      const batches = ['alice', 'bob', 'carol'].map((key) => ({ key, ...call }));
      const error = await rejectionOf(accounts({ version: 2 }).loadResources(batches, call));
      expect(error).toMatchObject({ name: 'VersionError' });
      expect(open).toHaveBeenCalledTimes(1);
    });
  });

  describe('The signal', () => {
    test('One that has aborted already starts no transaction', async () => {
      const store = accounts();
      await load(store, 'alice', context());
      const transaction = vi.spyOn(IDBDatabase.prototype, 'transaction');
      const reason = new Error('too late');
      const aborted = context(AbortSignal.abort(reason));
      expect(await rejectionOf(load(store, 'alice', aborted))).toBe(reason);
      expect(await rejectionOf(save(store, 'alice', { balance: 1 }, aborted))).toBe(reason);
      expect(transaction).not.toHaveBeenCalled();
    });

    test('It aborts the transaction of a load', async () => {
      const store = accounts();
      await load(store, 'alice', context());
      const release = await occupy();
      const controller = new AbortController();
      const loaded = watch(load(store, 'alice', context(controller.signal)));
      const reason = new Error('too slow');
      controller.abort(reason);
      await settleDown();
      expect(loaded.outcome).toEqual({ state: 'rejected', reason });
      await release();
    });

    test('A save that has begun cannot be aborted: its outcome counts', async () => {
      const store = accounts();
      await save(store, 'alice', { balance: 1 }, context());
      const release = await occupy();
      const controller = new AbortController();
      const saved = watch(save(store, 'alice', { balance: 2 }, context(controller.signal)));
      controller.abort(new Error('too late'));
      await settleDown();
      expect(saved.outcome.state).toBe('pending');
      await release();
      await settleDown();
      expect(saved.outcome.state).toBe('fulfilled');
      expect(await stored('alice')).toEqual({ balance: 2 });
    });

    test('It aborts the transaction of a load that a save was to share', async () => {
      const store = accounts({ initial });
      await load(store, 'alice', context());
      const release = await occupy();
      const processor = startProcessor({ ...store, minDuration: 0 });
      const run = watch(processor.run('alice', (account) => ((account as Account).balance += 5)));
      await settleDown();
      const reason = new Error('enough');
      const stopped = watch(processor.stop({ signal: AbortSignal.abort(reason) }));
      await settleDown();
      expect(run.outcome).toMatchObject({ state: 'rejected', reason: { phase: 'load', cause: reason } });
      expect(stopped.outcome).toEqual({ state: 'rejected', reason });
      await release();
      expect(await stored('alice')).toBeUndefined();
    });

    test('It ends the wait for a database that does not open', async () => {
      const old = await openDB(database, 1, { upgrade: (db) => void db.createObjectStore('accounts') });
      const controller = new AbortController();
      const loaded = watch(load(accounts({ version: 2 }), 'alice', context(controller.signal)));
      await settleDown();
      expect(loaded.outcome.state).toBe('pending');
      const reason = new Error('too slow');
      controller.abort(reason);
      await settleDown();
      expect(loaded.outcome).toEqual({ state: 'rejected', reason });
      old.close();
    });

    test('No listener stays behind', async () => {
      const { signal } = new AbortController();
      const added = vi.spyOn(signal, 'addEventListener');
      const store = accounts();
      await load(store, 'alice', context(signal));
      await save(store, 'alice', { balance: 1 }, context(signal));
      expect(added).toHaveBeenCalled();
      expect(getEventListeners(signal, 'abort')).toEqual([]);
    });
  });

  describe('The connection', () => {
    const opened = () => vi.spyOn(IDBFactory.prototype, 'open');

    test('It is opened by the first load, for all who wait, and stays open', async () => {
      const open = opened();
      const store = accounts();
      expect(open).not.toHaveBeenCalled();
      await Promise.all(['alice', 'bob', 'carol'].map((key) => load(store, key, context())));
      await save(store, 'alice', { balance: 1 }, context());
      await load(store, 'alice', context());
      // The database was new: it has been opened, and upgraded by `version: undefined` at once.
      expect(open).toHaveBeenCalledTimes(1);
    });

    test('A missing object store is made with the next version, also beside those of others', async () => {
      const stores = ['accounts', 'carts', 'visits'].map((store) =>
        indexedDBStore<number>({ database, store }),
      );
      await Promise.all(stores.map((store, i) => save(store, 'alice', i, context())));
      await save(stores[0] as (typeof stores)[number], 'alice', 10, context());
      expect(
        await Promise.all(['accounts', 'carts', 'visits'].map((store) => stored('alice', store))),
      ).toEqual([10, 1, 2]);
    });

    test('With a version given, a missing object store is an error that names it', async () => {
      (await openDB(database, 3)).close();
      const error = await rejectionOf(load(accounts({ version: 3 }), 'alice', context()));
      expect(error).toMatchObject({
        name: 'NotFoundError',
        message: expect.stringContaining("'accounts' in version 3"),
      });
    });

    test('upgrade makes what else the database has; the object store of the options is made if it did not', async () => {
      const versions: number[] = [];
      const store = accounts({
        version: 4,
        upgrade(db, oldVersion, newVersion, transaction) {
          versions.push(oldVersion, newVersion);
          db.createObjectStore('carts').put({ items: 1 }, 'alice');
          expect(transaction.mode).toBe('versionchange');
        },
      });
      await save(store, 'alice', { balance: 1 }, context());
      expect(versions).toEqual([0, 4]);
      expect(await stored('alice', 'carts')).toEqual({ items: 1 });
    });

    test('An upgrade that throws is undone, and the load fails with what it threw', async () => {
      const failure = new Error('no');
      const store = accounts({
        upgrade: () => {
          throw failure;
        },
      });
      expect(await rejectionOf(load(store, 'alice', context()))).toBe(failure);
      expect(await indexedDB.databases()).not.toContainEqual(expect.objectContaining({ name: database }));
    });

    test('A newer version than that of the options is a VersionError', async () => {
      (await openDB(database, 3)).close();
      const error = await rejectionOf(load(accounts({ version: 2 }), 'alice', context()));
      expect(error).toMatchObject({ name: 'VersionError', message: expect.stringMatching(/./) });
    });

    test('It closes when somebody else wants to upgrade or delete the database, and is opened again', async () => {
      const store = accounts();
      await save(store, 'alice', { balance: 1 }, context());
      (await openDB(database, 7)).close();
      expect(await load(store, 'alice', context())).toEqual({ balance: 1 });
      await deleteDB(database);
      expect(await load(store, 'alice', context())).toBeUndefined();
    });

    test('It is opened again after it was closed under the store (InvalidStateError)', async () => {
      let connection: IDBDatabase | undefined;
      const transaction = IDBDatabase.prototype.transaction;
      const spy = vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(function (
        this: IDBDatabase,
        ...args
      ) {
        connection = this;
        return transaction.apply(this, args);
      });
      const store = accounts();
      await save(store, 'alice', { balance: 1 }, context());
      spy.mockRestore();
      connection?.close();
      const open = opened();
      await save(store, 'alice', { balance: 2 }, context());
      expect(await load(store, 'alice', context())).toEqual({ balance: 2 });
      expect(open).toHaveBeenCalledTimes(1);
    });

    test('It is opened again after the browser closed it, under way or before', async () => {
      let connection: IDBDatabase | undefined;
      const transaction = IDBDatabase.prototype.transaction;
      vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(function (
        this: IDBDatabase,
        ...args
      ) {
        connection = this;
        return transaction.apply(this, args);
      });
      const store = accounts();
      await save(store, 'alice', { balance: 1 }, context());
      forceCloseDatabase(connection as never);
      await settleDown();
      await save(store, 'alice', { balance: 2 }, context());

      const saved = save(store, 'alice', { balance: 3 }, context());
      forceCloseDatabase(connection as never);
      await saved;
      expect(await stored('alice')).toEqual({ balance: 3 });
    });

    test('A transaction that never ends is given up when the browser has closed its connection', async () => {
      const transaction = IDBDatabase.prototype.transaction;
      vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementationOnce(function (
        this: IDBDatabase,
        ...args
      ) {
        const made = transaction.apply(this, args);
        // In Chromium it happens that no event comes.
        made.addEventListener = () => {};
        Object.defineProperty(made, 'onabort', { set() {} });
        queueMicrotask(() => forceCloseDatabase(this as never));
        return made;
      });
      expect(await load(accounts(), 'alice', context())).toBeUndefined();
    });

    test('It is opened again once, not twice: an UnknownError that stays is the outcome', async () => {
      const store = accounts();
      await load(store, 'alice', context());
      const lost = new DOMException('Connection to Indexed Database server lost.', 'UnknownError');
      const transaction = vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(() => {
        throw lost;
      });
      const open = opened();
      expect(await rejectionOf(load(store, 'alice', context()))).toBe(lost);
      expect(transaction).toHaveBeenCalledTimes(2);
      expect(open).toHaveBeenCalledTimes(1);

      transaction.mockRestore();
      await save(store, 'alice', { balance: 1 }, context());
      expect(await stored('alice')).toEqual({ balance: 1 });
    });

    test('close() closes it, and the next load opens it again', async () => {
      const store = accounts();
      await save(store, 'alice', { balance: 1 }, context());
      store.close();
      await deleteDB(database, { blocked: () => expect.fail('the connection is still open') });
      expect(await load(store, 'alice', context())).toBeUndefined();
    });
  });

  describe('Failures', () => {
    test('A resource that cannot be cloned is refused, naming the key', async () => {
      const processor = startProcessor<unknown, string | number>({
        ...indexedDBStore({ database, store: 'accounts' }),
        minDuration: 0,
      });
      const error = await rejectionOf(processor.update('alice', () => ({ callback() {} })));
      expect(error).toBeInstanceOf(BatchError);
      expect(error).toMatchObject({
        code: 'ERR_SAVE_FAILED',
        cause: { name: 'DataCloneError', message: expect.stringContaining("'alice'") },
      });
      expect((error as BatchError).cause).toBeInstanceOf(Error);
    });

    test('An aborted transaction that has no error fails with an Error that has a message', async () => {
      vi.spyOn(IDBTransaction.prototype, 'commit').mockImplementation(function (this: IDBTransaction) {
        this.abort();
      });
      const error = await rejectionOf(save(accounts(), 'alice', { balance: 1 }, context()));
      expect(error).toBeInstanceOf(Error);
      expect(error).toMatchObject({ name: 'AbortError', message: expect.stringContaining("'accounts'") });
    });

    test('A request that fails ends its transaction, and is the reason', async () => {
      const upgrade = (db: IDBDatabase) => {
        db.createObjectStore('accounts').createIndex('balance', 'balance', { unique: true });
      };
      const store = accounts({ version: 1, upgrade });
      await save(store, 'alice', { balance: 1 }, context());
      const error = await rejectionOf(save(store, 'bob', { balance: 1 }, context()));
      expect(error).toMatchObject({ name: 'ConstraintError', message: expect.stringMatching(/./) });
      expect(await stored('bob')).toBeUndefined();
    });

    test.each([
      ['options', undefined],
      ['database', { store: 'accounts' }],
      ['store', { database: 'bank', store: 1 }],
      ['version', { database: 'bank', store: 'accounts', version: '1' }],
      ['version', { database: 'bank', store: 'accounts', version: 0 }],
      ['version', { database: 'bank', store: 'accounts', version: 1.5 }],
      ['upgrade', { database: 'bank', store: 'accounts', upgrade: {} }],
      ['initial', { database: 'bank', store: 'accounts', initial: { balance: 0 } }],
      ['blocked', { database: 'bank', store: 'accounts', blocked: true }],
      ['decode', { database: 'bank', store: 'accounts', decode: 'json' }],
      ['encode', { database: 'bank', store: 'accounts', encode: null }],
      ['durability', { database: 'bank', store: 'accounts', durability: 'eventual' }],
    ])('An option that is out of range throws an error that names it: %s', (name, options) => {
      expect(() => indexedDBStore(options as never)).toThrow(name);
    });
  });

  test('Outside of a browser nothing is locked; a page that has no locks refuses to go without, secure or not', async () => {
    vi.stubGlobal('navigator', {});
    const { lockResource } = accounts();
    expect(await lockResource('alice', context())).toBeUndefined();
    vi.stubGlobal('isSecureContext', false);
    expect(await rejectionOf(lockResource('alice', context()) as Promise<unknown>)).toMatchObject({
      message: expect.stringContaining('https'),
    });
    vi.stubGlobal('isSecureContext', true);
    expect(await rejectionOf(lockResource('alice', context()) as Promise<unknown>)).toMatchObject({
      message: expect.stringContaining('no Web Locks'),
    });
  });
});

describe('webLocks', () => {
  test('Where there are no Web Locks it rejects', async () => {
    vi.stubGlobal('navigator', {});
    const lockResource = webLocks();
    expect(await rejectionOf(lockResource('alice', context()))).toMatchObject({
      message: 'There are no Web Locks here',
    });
  });

  test.each([1, null, '', '-locks'])('A prefix that is none throws an error that names it: %j', (prefix) => {
    expect(() => webLocks({ prefix: prefix as never })).toThrow('prefix');
  });
});
