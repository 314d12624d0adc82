import { harness as ioredis } from './harnesses/ioredis.mjs';
import { harness as ioredisCluster } from './harnesses/ioredis-cluster.mjs';
import { harness as nodeRedis } from './harnesses/node-redis.mjs';
import { harness as nodeRedisCluster } from './harnesses/node-redis-cluster.mjs';
import { suite } from './suite.js';

for (const harness of [ioredis, nodeRedis, ioredisCluster, nodeRedisCluster]) suite(harness);
