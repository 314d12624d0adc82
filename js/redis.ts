/**
 * Records in Redis, and in what else speaks its protocol and runs its scripts.
 *
 * @module groupcommit/redis
 */
export type { Store, StoreOptions } from './stores/options.js';
export type { IORedisClient, NodeRedisClient, RedisClient } from './stores/redis/client.js';
export { type RedisStore, type RedisStoreOptions, redisStore } from './stores/redis/store.js';
