// Four ways to change records in IndexedDB. Runs in the page.

import { startProcessor } from 'groupcommit';
import { indexedDBStore } from 'groupcommit/indexeddb';
import { openDB } from 'idb';

const store = 'counters';
const initial = () => ({ count: 0 });

/**
 * @typedef {{ durability?: IDBTransactionDurability }} Options
 * @typedef {{ increment(key: string): Promise<unknown>, end(): Promise<void> }} Way
 */

/** @type {Record<string, (database: string, options: Options) => Promise<Way>>} */
export const contestants = {
  /** What comes to mind first: two transactions, with nothing to keep others out between them. */
  async 'get, then put'(name, { durability }) {
    const database = await open(name);
    return {
      async increment(key) {
        const counter = (await database.get(store, key)) ?? initial();
        counter.count += 1;
        const { store: counters, done } = database.transaction(store, 'readwrite', { durability });
        await Promise.all([counters.put(counter, key), done]);
      },
      end: async () => database.close(),
    };
  },

  /** The right way without a library. */
  async 'a transaction each'(name, { durability }) {
    const database = await open(name);
    return {
      async increment(key) {
        const { store: counters, done } = database.transaction(store, 'readwrite', { durability });
        const counter = (await counters.get(key)) ?? initial();
        counter.count += 1;
        await Promise.all([counters.put(counter, key), done]);
      },
      end: async () => database.close(),
    };
  },

  /** The least that it takes: all changes of a turn in one transaction, each record read and written once. */
  async 'one for all'(name, { durability }) {
    const database = await open(name);
    /** @type {Map<string, number>} */
    let changes = new Map();
    /** @type {Promise<void> | undefined} */
    let written;

    async function write() {
      const counts = [...changes];
      changes = new Map();
      written = undefined;
      const { store: counters, done } = database.transaction(store, 'readwrite', { durability });
      const increase = async (/** @type {string} */ key, /** @type {number} */ count) => {
        const counter = (await counters.get(key)) ?? initial();
        counter.count += count;
        await counters.put(counter, key);
      };
      await Promise.all([...counts.map(([key, count]) => increase(key, count)), done]);
    }
    return {
      increment(key) {
        written ??= Promise.resolve().then(write);
        changes.set(key, (changes.get(key) ?? 0) + 1);
        return written;
      },
      end: async () => database.close(),
    };
  },

  /** With its locks, so other tabs could take part. */
  async groupcommit(database, { durability }) {
    const { close, ...options } = indexedDBStore({ database, store, durability, initial });
    const counters = startProcessor({ ...options, minDuration: 0 });
    return {
      increment: (key) => counters.run(key, (counter) => void (counter.count += 1)),
      async end() {
        await counters.stop();
        close();
      },
    };
  },
};

/** @param {string} name */
function open(name) {
  return openDB(name, 1, { upgrade: (database) => void database.createObjectStore(store) });
}

/** @param {string} name */
export async function sumOf(name) {
  const database = await openDB(name);
  const counters = await database.getAll(store);
  database.close();
  return counters.reduce((sum, { count }) => sum + count, 0);
}
