// Three ways to change a record in IndexedDB that others want to change too.

import { startProcessor } from 'groupcommit';
import { indexedDBStore } from 'groupcommit/indexeddb';
import { openDB } from 'idb';

const store = 'counters';

/**
 * @typedef {{ database: string, size: number, window: number, locked: boolean }} Options
 * @typedef {{ increment(key: string): Promise<unknown>, end(): Promise<void>, onBatch?(callback: (size: number) => void): void }} Way
 */

/** @type {Record<string, (options: Options) => Promise<Way>>} */
export const ways = {
  async naive({ database, size }) {
    const connection = await open(database);
    return {
      async increment(key) {
        const counter = (await connection.get(store, key)) ?? newCounter(size);
        counter.count += 1;
        await connection.put(store, counter, key);
      },
      end: async () => connection.close(),
    };
  },

  async transaction({ database, size }) {
    const connection = await open(database);
    return {
      async increment(key) {
        const { store: counters, done } = connection.transaction(store, 'readwrite');
        const counter = (await counters.get(key)) ?? newCounter(size);
        counter.count += 1;
        await Promise.all([counters.put(counter, key), done]);
      },
      end: async () => connection.close(),
    };
  },

  async groupcommit({ database, size, window, locked }) {
    const { close, ...options } = indexedDBStore({ database, store, initial: () => newCounter(size) });
    const counters = startProcessor({
      ...options,
      ...(!locked && { lockResource: undefined }),
      minDuration: window,
      maxDuration: 30_000,
    });
    return {
      increment: (key) => counters.run(key, (counter) => void (counter.count += 1)),
      onBatch: (callback) =>
        void counters.subscribeBatchMetrics(({ operationCount }) => callback(operationCount)),
      async end() {
        await counters.stop();
        close();
      },
    };
  },
};

/** How many updates a database knows of. */
export async function countStored(database) {
  const connection = await open(database);
  const counters = await connection.getAll(store);
  connection.close();
  return counters.reduce((sum, { count }) => sum + count, 0);
}

function open(database) {
  return openDB(database, undefined, {
    upgrade: (connection) => void connection.createObjectStore(store),
    blocking: (_, __, { target }) => target.close(),
  });
}

function newCounter(size) {
  // Random, since browsers compress what they store.
  const payload = new Uint8Array(size);
  for (let i = 0; i < size; i += 65_536) crypto.getRandomValues(payload.subarray(i, i + 65_536));
  return { count: 0, payload };
}
