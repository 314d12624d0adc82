/**
 * Records in LevelDB, and in what else has the interface of abstract-level.
 *
 * @module groupcommit/level
 */
export {
  type LevelDatabase,
  type LevelEncodings,
  type LevelOperation,
  type LevelStoreOptions,
  levelStore,
} from './stores/level/store.js';
export type { Store, StoreOptions } from './stores/options.js';
