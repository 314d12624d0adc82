import { redisStore } from 'groupcommit/redis';
import { Redis } from 'ioredis';
import { placeOf, startRedis } from '../servers/redis.mjs';

/** @type {import('../harness.js').Harness} */
export const harness = {
  name: 'groupcommit/redis on ioredis',
  module: import.meta.url,
  hasConflicts: true,
  sendsAgain: true,
  start: async () => placeOf(await startRedis()),
  async open({ port }, options) {
    const client = new Redis(port, { enableAutoPipelining: true });
    client.on('error', () => {}); // while the server is away
    return {
      store: redisStore({ client, ...options }),
      get: async (key) => JSON.parse((await client.hget(key, 'value')) ?? 'null') ?? undefined,
      close: async () => client.disconnect(),
    };
  },
};
