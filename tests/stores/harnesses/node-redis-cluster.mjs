import { redisStore } from 'groupcommit/redis';
import { createCluster } from 'redis';
import { startRedisCluster } from '../servers/redis.mjs';

/** @type {import('../harness.js').Harness} */
export const harness = {
  name: 'groupcommit/redis on a cluster, by redis',
  module: import.meta.url,
  hasConflicts: true,
  start: startRedisCluster,
  async open({ ports }, options) {
    const client = createCluster({ rootNodes: ports.map((port) => ({ url: `redis://127.0.0.1:${port}` })) });
    client.on('error', () => {}); // while a node is away
    await client.connect();
    return {
      store: redisStore({ client, ...options }),
      get: async (key) => JSON.parse((await client.hGet(key, 'value')) ?? 'null') ?? undefined,
      close: async () => client.destroy(),
    };
  },
};
