/**
 * Records in IndexedDB.
 *
 * @module groupcommit/indexeddb
 */
export { type IndexedDBStore, type IndexedDBStoreOptions, indexedDBStore } from './stores/indexeddb/store.js';
