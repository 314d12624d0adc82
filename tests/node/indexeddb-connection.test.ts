import { getEventListeners } from 'node:events';
import 'fake-indexeddb/auto';
import { forceCloseDatabase } from 'fake-indexeddb';
import { startProcessor } from 'groupcommit';
import { type IndexedDBStoreOptions, indexedDBStore } from 'groupcommit/indexeddb';
import { deleteDB, openDB } from 'idb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { load, save } from '../browser/record.js';
import { deferred, rejectionOf, settleDown, watch } from './support.js';

let database: string;
let databases = 0;
beforeEach(() => {
  database = `connection ${++databases}`;
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const counts = (options: Partial<IndexedDBStoreOptions<number>> = {}) =>
  indexedDBStore<number>({ database, store: 'counts', initial: () => 0, ...options } as IndexedDBStoreOptions<
    number,
    string
  > & { initial: () => number });

/** What the database has, read by somebody else, if there is one. */
async function stored(key: string): Promise<unknown> {
  if (!(await indexedDB.databases()).some(({ name }) => name === database)) return 'no database';
  const connection = await openDB(database);
  const record = await connection.get('counts', key);
  connection.close();
  return record;
}

/** The next database to be opened never answers. */
function silenceOpening() {
  return vi
    .spyOn(IDBFactory.prototype, 'open')
    .mockImplementationOnce(() => new EventTarget() as IDBOpenDBRequest);
}

/** The next transaction never tells what came of it or of its requests. */
function silenceTransaction() {
  const { transaction } = IDBDatabase.prototype;
  return vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementationOnce(function (
    this: IDBDatabase,
    ...args
  ) {
    const made = transaction.apply(this, args);
    const store = made.objectStore(args[0] as string);
    const { get } = store;
    store.get = (key) => silent(get.call(store, key), 'onsuccess');
    return silent(made, 'oncomplete', 'onabort');
  });
}

function silent<T extends object>(target: T, ...events: string[]): T {
  for (const event of events) Object.defineProperty(target, event, { set() {} });
  return target;
}

/** Wants to upgrade the database, and tells when that has to wait. */
async function blockedUpgrade(version: number): Promise<{ done: Promise<void> }> {
  const blocked = deferred();
  const upgraded = openDB(database, version, { blocked: () => blocked.resolve() });
  await blocked.promise;
  return { done: upgraded.then((connection) => connection.close()) };
}

/** A batch of the processor that is loaded and stays open until it is flushed. */
async function openBatch(processor: {
  update: (key: string, operation: (n: number) => number) => Promise<number>;
}) {
  const ran = deferred();
  const run = watch(
    processor.update('alice', (count) => {
      ran.resolve();
      return count + 1;
    }),
  );
  await ran.promise;
  return run;
}

const timeout = () => new DOMException('The batch has reached its maxDuration', 'TimeoutError');

describe('A connection that is silent', () => {
  test('An attempt to open that does not answer is given up at the deadline, and the next batch begins another', async () => {
    const open = silenceOpening();
    const store = counts();
    const hasty = startProcessor({ ...store, minDuration: 0, maxDuration: 50 });
    const error = await rejectionOf(hasty.update('alice', (count) => count + 1));
    expect(error).toMatchObject({
      code: 'ERR_LOAD_FAILED',
      cause: { name: 'TimeoutError', message: expect.stringContaining(`'${database}' has not opened`) },
    });
    const processor = startProcessor({ ...store, minDuration: 0 });
    expect(await processor.update('alice', (count) => count + 1)).toBe(1);
    expect(open).toHaveBeenCalledTimes(2);
  });

  test('Who waits longer gets that of the other attempt; if the first one succeeds after all, its connection is closed', async () => {
    const request = Object.assign(new EventTarget(), {
      result: undefined as IDBDatabase | undefined,
      onsuccess: () => {},
    });
    const { open } = IDBFactory.prototype;
    vi.spyOn(IDBFactory.prototype, 'open').mockImplementationOnce(() => request as never);
    const store = counts();
    const [hasty, patient] = [new AbortController(), new AbortController()];
    const given = watch(load(store, 'bob', hasty));
    const waiting = [watch(load(store, 'alice', patient)), watch(store.database())];
    hasty.abort(timeout());
    await settleDown();
    expect(given.outcome.state).toBe('rejected');
    await save(store, 'bob', 1);
    await vi.waitFor(() =>
      expect(waiting.map(({ outcome }) => outcome.state)).toEqual(['fulfilled', 'fulfilled']),
    );
    store.close();
    await store.database();

    const late = open.call(indexedDB, database);
    await new Promise((resolve) => (late.onsuccess = resolve));
    const close = vi.spyOn(late.result, 'close');
    request.result = late.result;
    request.onsuccess();
    await settleDown();
    expect(close).toHaveBeenCalled();
  });

  test('A load that is not answered by the deadline fails, and the next batch opens another connection', async () => {
    const store = counts();
    await save(store, 'alice', 1);
    silenceTransaction();
    const open = vi.spyOn(IDBFactory.prototype, 'open');
    const hasty = startProcessor({ ...store, minDuration: 0, maxDuration: 50 });
    const error = await rejectionOf(hasty.update('alice', (count) => count + 1));
    expect(error).toMatchObject({ code: 'ERR_LOAD_FAILED', cause: { name: 'TimeoutError' } });
    const processor = startProcessor({ ...store, minDuration: 0 });
    expect(await processor.update('alice', (count) => count + 1)).toBe(2);
    expect(open).toHaveBeenCalledTimes(1);
  });

  test('A save that is not answered fails some time after the deadline: its outcome is not known, and it is not repeated', async () => {
    const store = counts();
    await load(store, 'alice');
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const transaction = silenceTransaction();
    const open = vi.spyOn(IDBFactory.prototype, 'open');
    const controller = new AbortController();
    const saved = watch(save(store, 'alice', 1, controller));
    controller.abort(timeout());
    await settleDown();
    vi.advanceTimersByTime(9_999);
    await settleDown();
    expect(saved.outcome.state).toBe('pending');
    vi.advanceTimersByTime(1);
    await settleDown();
    expect(saved.outcome).toMatchObject({
      reason: { name: 'TimeoutError', message: expect.stringContaining('not known') },
    });
    expect(transaction).toHaveBeenCalledTimes(1);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    expect(await load(store, 'alice')).toBe(1);
    expect(open).toHaveBeenCalledTimes(1);
  });

  test('A save that is answered after the deadline has been saved, and no timer is left', async () => {
    const store = counts();
    await load(store, 'alice');
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const controller = new AbortController();
    const saved = save(store, 'alice', 1, controller);
    controller.abort(timeout());
    await saved;
    expect(vi.getTimerCount()).toBe(0);
  });

  test('close() ends the wait for a database that does not open, and the next load opens it', async () => {
    silenceOpening();
    const store = counts();
    const [loaded, opened] = [watch(load(store, 'alice')), watch(store.database())];
    await settleDown();
    expect(loaded.outcome.state).toBe('pending');
    store.close();
    await settleDown();
    const closed = {
      state: 'rejected',
      reason: { name: 'AbortError', message: expect.stringContaining('closed') },
    };
    expect(loaded.outcome).toMatchObject(closed);
    expect(opened.outcome).toMatchObject(closed);
    expect(await load(store, 'alice')).toBe(0);
  });

  test('and one that opens after all is closed at once', async () => {
    const store = counts();
    const saved = watch(save(store, 'alice', 1));
    store.close();
    await settleDown();
    expect(saved.outcome).toMatchObject({ reason: { name: 'AbortError' } });
    await deleteDB(database, { blocked: () => expect.fail('the connection is still open') });
    expect(await stored('alice')).toBe('no database');
  });

  test('close() ends a load, and a save, of which it says that its outcome is not known; neither is repeated', async () => {
    const store = counts();
    await save(store, 'alice', 1);
    for (const [start, message] of [
      [() => load(store, 'alice'), 'was closed'],
      [() => save(store, 'alice', 2), 'not known'],
    ] as const) {
      silenceTransaction();
      const outcome = watch(start());
      const open = vi.spyOn(IDBFactory.prototype, 'open');
      store.close();
      await settleDown();
      expect(outcome.outcome).toMatchObject({
        reason: { name: 'AbortError', message: expect.stringContaining(message) },
      });
      expect(open).not.toHaveBeenCalled();
      expect(await load(store, 'alice')).toBeGreaterThan(0);
      vi.restoreAllMocks();
    }
  });
});

describe('An upgrade', () => {
  /** A connection that ignores `versionchange`. */
  async function stubborn() {
    return openDB(database, 1, { upgrade: (db) => void db.createObjectStore('others') });
  }

  test('One that is blocked says so at the deadline, and calls blocked', async () => {
    const other = await stubborn();
    const blocked = vi.fn();
    const controller = new AbortController();
    const store = counts({ blocked });
    const loaded = watch(load(store, 'alice', controller));
    await settleDown();
    await vi.waitFor(() => expect(blocked.mock.calls).toEqual([[1, 2]]));
    controller.abort(timeout());
    await settleDown();
    expect(loaded.outcome).toMatchObject({
      reason: {
        name: 'TimeoutError',
        message: expect.stringMatching(new RegExp(`'${database}'.*from version 1 to 2 is blocked`)),
      },
    });
    const again = load(store, 'alice');
    other.close();
    expect(await again).toBe(0);
  });

  test('Batches that have been loaded save first; then the connection closes, and what comes later opens it anew', async () => {
    const processor = startProcessor({ ...counts(), minDuration: 1_000 });
    const run = await openBatch(processor);
    const upgrade = await blockedUpgrade(7);
    const later = processor.update('bob', (count) => count + 10);
    await processor.flush('alice');
    expect(run.outcome).toEqual({ state: 'fulfilled', value: 1 });
    await upgrade.done;
    await processor.flush();
    expect(await later).toBe(10);
    expect([await stored('alice'), await stored('bob')]).toEqual([1, 10]);
  });

  test('Where nothing is loaded it does not wait, nor for batches that only read, or are too late to save', async () => {
    const store = counts();
    const processor = startProcessor({ ...store, minDuration: 0 });
    expect(await processor.read('alice', (count) => count)).toBe(0);
    const late = new AbortController();
    await load(store, 'alice', late);
    late.abort(timeout());
    (await openDB(database, 7, { blocked: () => expect.fail('the connection is still open') })).close();
  });

  test('It waits for a minute at most; what is saved after that opens the database again', async () => {
    const store = counts();
    const { signal } = new AbortController();
    await load(store, 'alice', { signal });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const upgrade = await blockedUpgrade(7);
    vi.advanceTimersByTime(60_000);
    await upgrade.done;
    await save(store, 'alice', 1, { signal });
    expect(await stored('alice')).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('With a lower version what comes later fails with a VersionError', async () => {
    const processor = startProcessor({ ...counts({ version: 1 }), minDuration: 1_000 });
    const run = await openBatch(processor);
    const upgrade = await blockedUpgrade(2);
    const later = watch(processor.update('bob', (count) => count + 1));
    await processor.flush('alice');
    expect(run.outcome.state).toBe('fulfilled');
    await upgrade.done;
    await processor.flush();
    expect(later.outcome).toMatchObject({ reason: { cause: { name: 'VersionError' } } });
  });
});

describe('A database that is deleted', () => {
  test('The batches under way fail, and make nothing anew', async () => {
    const processor = startProcessor({ ...counts(), minDuration: 1_000 });
    const run = await openBatch(processor);
    await deleteDB(database, { blocked: () => expect.fail('the connection is still open') });
    await processor.flush();
    expect(run.outcome).toMatchObject({
      reason: { code: 'ERR_SAVE_FAILED', cause: { message: expect.stringContaining('was deleted') } },
    });
    expect(await stored('alice')).toBe('no database');
  });

  test('also if a later batch, or another tab, has made it again', async () => {
    for (const make of [
      (store: ReturnType<typeof counts>) => save(store, 'bob', 5),
      () => save(counts(), 'bob', 5),
    ]) {
      const store = counts();
      const processor = startProcessor({ ...store, minDuration: 1_000 });
      const run = await openBatch(processor);
      await deleteDB(database);
      await make(store);
      await processor.flush();
      expect(run.outcome).toMatchObject({
        reason: { cause: { message: expect.stringContaining('was deleted') } },
      });
      expect([await stored('alice'), await stored('bob')]).toEqual([undefined, 5]);
      store.close();
    }
  });

  test('also if the browser closed the connection to delete it; if it only closed it, they are saved', async () => {
    const connections = vi.spyOn(IDBDatabase.prototype, 'transaction');
    for (const [isDeleted, expected] of [
      [false, [{ state: 'fulfilled', value: 1 }, 1]],
      [true, [{ state: 'rejected', reason: expect.anything() }, 'no database']],
    ] as const) {
      const processor = startProcessor({ ...counts(), minDuration: 1_000 });
      const run = await openBatch(processor);
      forceCloseDatabase(connections.mock.contexts.at(-1) as never);
      if (isDeleted) await deleteDB(database);
      await processor.flush();
      expect([run.outcome, await stored('alice')]).toEqual(expected);
      await deleteDB(database);
    }
  });

  test('Batches that come later make it anew', async () => {
    const processor = startProcessor({ ...counts(), minDuration: 0 });
    await processor.update('alice', (count) => count + 1);
    await deleteDB(database);
    expect(await processor.update('alice', (count) => count + 1)).toBe(1);
    expect(await stored('alice')).toBe(1);
  });
});

describe('A page', () => {
  function stubDocument(properties: object = {}) {
    const document = Object.assign(new EventTarget(), properties);
    vi.stubGlobal('document', document);
    return document;
  }

  test('When it is frozen the connection closes, unless a batch is under way', async () => {
    const document = stubDocument();
    const processor = startProcessor({ ...counts(), minDuration: 1_000 });
    const run = await openBatch(processor);
    const close = vi.spyOn(IDBDatabase.prototype, 'close');
    document.dispatchEvent(new Event('freeze'));
    expect(close).not.toHaveBeenCalled();
    await processor.flush();
    expect(run.outcome.state).toBe('fulfilled');

    document.dispatchEvent(new Event('freeze'));
    expect(close).toHaveBeenCalledTimes(1);
    expect(await processor.read('alice', (count) => count)).toBe(1);
    document.dispatchEvent(new Event('freeze'));
    document.dispatchEvent(new Event('freeze'));
    expect(close).toHaveBeenCalledTimes(2);
  });

  test('While it is prerendered a batch waits for its lock, and that time does not count', async () => {
    const document = stubDocument({ prerendering: true });
    const locks = {
      request: vi.fn(async (_name: string, { signal }: { signal: AbortSignal }, hold: () => unknown) => {
        signal.throwIfAborted();
        await hold();
      }),
    };
    vi.stubGlobal('navigator', { locks });
    const processor = startProcessor({ ...counts(), minDuration: 0, maxDuration: 20 });
    const run = watch(processor.update('alice', (count) => count + 1));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(locks.request).not.toHaveBeenCalled();
    expect(run.outcome.state).toBe('pending');

    Object.assign(document, { prerendering: false });
    document.dispatchEvent(new Event('prerenderingchange'));
    await vi.waitFor(() => expect(run.outcome.state).not.toBe('pending'));
    expect(run.outcome).toEqual({ state: 'fulfilled', value: 1 });
    expect(await stored('alice')).toBe(1);
  });
});

describe('store.database()', () => {
  test('It is the open connection, opened if need be', async () => {
    const store = counts();
    await save(store, 'alice', 1);
    const open = vi.spyOn(IDBFactory.prototype, 'open');
    const connection = await store.database();
    expect(open).not.toHaveBeenCalled();
    const request = connection.transaction('counts').objectStore('counts').getAllKeys();
    await new Promise((resolve) => (request.onsuccess = resolve));
    expect(request.result).toEqual(['alice']);
    store.close();
    expect(await store.database()).not.toBe(connection);
  });

  test('A signal ends the wait for it', async () => {
    silenceOpening();
    const store = counts();
    const reason = new Error('enough');
    const aborted = AbortSignal.abort(reason);
    expect(await rejectionOf(store.database({ signal: aborted }))).toBe(reason);
    const controller = new AbortController();
    const opened = rejectionOf(store.database(controller));
    controller.abort(reason);
    expect(await opened).toBe(reason);
  });
});

test('The store has a deadline of its own, a minute, which can be overridden', async () => {
  expect(counts().maxDuration).toBe(60_000);
  expect(() => startProcessor({ ...counts(), minDuration: 60_000 })).not.toThrow();
});
