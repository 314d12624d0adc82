// What runs in the page that is left.

import { startProcessor } from 'groupcommit';
import { flushOnHide } from 'groupcommit/browser';
import { indexedDBStore } from 'groupcommit/indexeddb';
import { openDB } from 'idb';

const store = 'documents';

/**
 * A way to save a document.
 *
 * @typedef {{ revision: number, text: string }} Document
 * @typedef {object} Recipe
 * @property {() => Promise<unknown>} open opens the database
 * @property {(key: string, changed: Document) => unknown} change
 * @property {(key: string, changed: Document) => Promise<unknown>} prepare changes it, so that it is saved only when the page is left
 */

/** @type {Record<string, (database: string) => Recipe>} */
const recipes = {
  /** Loads the record, and changes it. */
  run(database) {
    const records = indexedDBStore({ database, store, initial: () => ({ revision: 0, text: '' }) });
    const documents = start(records);
    return {
      open: () => documents.read('nobody', () => {}),
      change: (key, changed) => documents.run(key, (document) => void Object.assign(document, changed)),
      prepare: (key, changed) =>
        new Promise((resolve) => {
          void documents.run(key, (document) => resolve(void Object.assign(document, changed)));
        }),
    };
  },

  /** Has the whole record, and overwrites it. */
  autosave(database) {
    const { loadResources, saveResources } = indexedDBStore({ database, store });
    const documents = start({ saveResources });
    const { signal } = new AbortController();
    return {
      open: () => loadResources([{ key: 'nobody', signal }], { signal }),
      change: (key, changed) => documents.update(key, () => changed),
      prepare: async (key, changed) => void documents.update(key, () => changed),
    };
  },

  /** By hand. */
  put(database) {
    let opened;
    const open = async () => {
      opened = await openDB(database);
    };
    const put = (key, changed) => {
      const transaction = opened.transaction(store, 'readwrite');
      void transaction.store.put(changed, key);
      transaction.commit();
    };
    return {
      open,
      change: (key, changed) => (opened ? put(key, changed) : open().then(() => put(key, changed))),
      prepare: async (key, changed) => addEventListener('pagehide', () => put(key, changed), { once: true }),
    };
  },
};

/** With a window that only a flush ends. */
function start(options) {
  const documents = startProcessor({ ...options, minDuration: 60_000, maxDuration: Infinity });
  flushOnHide(documents);
  return documents;
}

/** Random, since Chromium compresses what it stores. */
function textOf(size) {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i += 65_536) crypto.getRandomValues(bytes.subarray(i, i + 65_536));
  return new TextDecoder().decode(bytes.map((byte) => 32 + (byte & 63)));
}

/** Makes the records that are to be changed. */
async function fill(database, keys) {
  const opened = await openDB(database, 1, {
    upgrade: (database) => void database.createObjectStore(store),
  });
  const transaction = opened.transaction(store, 'readwrite');
  for (const key of keys) void transaction.store.put({ revision: 1, text: '' }, key);
  await transaction.done;
  opened.close();
}

/** How many of the records have been changed. */
async function countChanged(database, keys, size) {
  const opened = await openDB(database);
  const documents = await Promise.all(keys.map((key) => opened.get(store, key)));
  opened.close();
  return documents.filter(({ revision, text }) => revision === 2 && text.length === size).length;
}

/** Has a record changed already, or by `globalThis.change()`. */
async function ready({ database, recipe, key, size, isOpen, isPrepared }) {
  const { open, change, prepare } = recipes[recipe](database);
  const changed = { revision: 2, text: textOf(size) };
  if (isOpen) await open();
  if (isPrepared) await prepare(key, changed);
  globalThis.change = () => void (isPrepared || change(key, changed));
}

Object.assign(globalThis, { fill, countChanged, ready });
