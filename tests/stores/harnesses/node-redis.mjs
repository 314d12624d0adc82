import { redisStore } from 'groupcommit/redis';
import { createClient } from 'redis';
import { placeOf, startRedis } from '../servers/redis.mjs';

/** @type {import('../harness.js').Harness} */
export const harness = {
  name: 'groupcommit/redis on redis',
  module: import.meta.url,
  hasConflicts: true,
  start: async () => placeOf(await startRedis()),
  async open({ port }, options) {
    const client = createClient({ socket: { host: '127.0.0.1', port } });
    client.on('error', () => {}); // while the server is away
    await client.connect();
    return {
      store: redisStore({ client, ...options }),
      get: async (key) => JSON.parse((await client.hGet(key, 'value')) ?? 'null') ?? undefined,
      close: async () => client.destroy(),
    };
  },
};
