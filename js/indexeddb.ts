/**
 * Records in IndexedDB.
 *
 * @module groupcommit/indexeddb
 */
export type { IndexedDBStoreOptions } from './stores/indexeddb/options.js';
export { type IndexedDBStore, indexedDBStore } from './stores/indexeddb/store.js';
