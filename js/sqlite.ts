/**
 * Records in a table of SQLite.
 *
 * @module groupcommit/sqlite
 */
export type { Store, StoreOptions } from './stores/options.js';
export type { SQLiteDatabase, SQLiteStatement } from './stores/sqlite/database.js';
export { type SQLiteStore, type SQLiteStoreOptions, sqliteStore } from './stores/sqlite/store.js';
