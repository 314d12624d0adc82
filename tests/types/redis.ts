// Which clients of Redis fit, and what the store makes of the types. A comment at the beginning of a line is the title of what follows.

import { expectTypeOf } from 'expect-type';
import { type Processor, startProcessor } from 'groupcommit';
import { type RedisStore, redisStore } from 'groupcommit/redis';
import { Cluster, Redis } from 'ioredis';
import { createClient, createClientPool, createCluster, createSentinel } from 'redis';

interface Cart {
  items: string[];
}
const initial = (): Cart => ({ items: [] });

// The clients of ioredis fit.
redisStore({ client: new Redis() });
redisStore({ client: new Cluster([]) });

// The clients of redis fit, whatever protocol they speak.
redisStore({ client: createClient() });
redisStore({ client: createClient({ RESP: 2 }) });
redisStore({ client: createClient({ RESP: 3 }) });
redisStore({ client: createClientPool() });
redisStore({ client: createCluster({ rootNodes: [] }) });
redisStore({ client: createSentinel({ name: 'main', sentinelRootNodes: [] }) });
// @ts-expect-error an address is no client
redisStore({ client: 'redis://localhost' });
// @ts-expect-error the client is required
redisStore({ prefix: 'carts:' });

// The resource has no undefined where initial makes it, otherwise it does.
const client = new Redis();
expectTypeOf(redisStore({ client, initial })).toEqualTypeOf<RedisStore<Cart>>();
expectTypeOf(redisStore<Cart>({ client })).toEqualTypeOf<RedisStore<Cart | undefined>>();
expectTypeOf(startProcessor({ ...redisStore({ client, initial }) })).toEqualTypeOf<Processor<Cart>>();
expectTypeOf(startProcessor(redisStore<Cart>({ client }))).toEqualTypeOf<Processor<Cart | undefined>>();

// The type of the key is that of initial.
const byNumber = redisStore({ client, initial: (key: number) => ({ double: 2 * key }) });
expectTypeOf(startProcessor(byNumber)).toEqualTypeOf<Processor<{ double: number }, number>>();
