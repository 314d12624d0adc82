import { redisStore } from 'groupcommit/redis';
import { Cluster } from 'ioredis';
import { startRedisCluster } from '../servers/redis.mjs';

/** @type {import('../harness.js').Harness} */
export const harness = {
  name: 'groupcommit/redis on a cluster, by ioredis',
  module: import.meta.url,
  hasConflicts: true,
  start: startRedisCluster,
  async open({ ports }, options) {
    const client = new Cluster(ports.map((port) => ({ host: '127.0.0.1', port })));
    client.on('error', () => {}); // while a node is away
    return {
      store: redisStore({ client, ...options }),
      get: async (key) => JSON.parse((await client.hget(key, 'value')) ?? 'null') ?? undefined,
      close: async () => client.disconnect(),
    };
  },
};
