import { startProcessor } from 'groupcommit';
import { redisStore } from 'groupcommit/redis';
import { Cluster, Redis } from 'ioredis';
import { createClient, createClientPool, RESP_TYPES } from 'redis';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { onEnd, processorOn } from './redis/processors.js';
import { command, startRedis, startRedisCluster } from './servers/redis.mjs';
import { increment, rejection } from './suite/place.js';

let server: Awaited<ReturnType<typeof startRedis>>;
let client: Redis;
beforeAll(async () => {
  server = await startRedis({ maxmemory: '100mb' });
  client = new Redis(server.port);
});
beforeEach(() => client.flushall());
afterAll(async () => {
  client?.disconnect();
  await server?.stop();
});

describe('The server', () => {
  test('knows the script by its hash, and gets it anew when it has forgotten it', async () => {
    const processor = processorOn(client);
    const unknownScripts = async () =>
      Number(/NOSCRIPT:count=(\d+)/.exec(await client.info('errorstats'))?.[1] ?? 0);
    await processor.run('alice', increment);
    const before = await unknownScripts();
    for (let i = 0; i < 20; i++) await processor.run('alice', increment);
    expect(await unknownScripts()).toBe(before);
    const runs = [];
    for (let i = 0; i < 200; i++) {
      runs.push(processor.run(`key ${i % 7}`, increment));
      if (i % 5 === 0) await client.script('FLUSH');
    }
    await Promise.all(runs);
    expect(await unknownScripts()).toBeGreaterThan(before);
    expect(await processor.read('alice', ({ count }) => count)).toBe(21);
    const counts = await Promise.all(
      Array.from({ length: 7 }, (_, i) => processor.read(`key ${i}`, ({ count }) => count)),
    );
    expect(counts.reduce((sum, count) => sum + count)).toBe(200);
  });

  test('that is a replica refuses certainly', async () => {
    const replica = await startRedis({ replicaof: `127.0.0.1 ${server.port}` });
    onEnd(() => replica.stop());
    const connection = new Redis(replica.port);
    onEnd(() => connection.disconnect());
    await expect
      .poll(() => connection.info('replication'), { timeout: 20_000 })
      .toContain('master_link_status:up');
    const error = await rejection(processorOn(connection).run('alice', increment));
    expect(error).toMatchObject({
      code: 'ERR_SAVE_FAILED',
      cause: { message: expect.stringContaining('READONLY') },
    });
    expect((error.cause as { code?: string }).code).toBeUndefined();
  });

  test('that has no memory left refuses certainly, and goes on to delete', async () => {
    const processor = processorOn(client);
    await processor.run('alice', increment);
    await client.config('SET', 'maxmemory', '1mb');
    try {
      const error = await rejection(processor.run('alice', increment));
      expect(error).toMatchObject({
        code: 'ERR_SAVE_FAILED',
        cause: { message: expect.stringMatching(/^OOM /) },
      });
      expect((error.cause as { code?: string }).code).toBeUndefined();
      await processor.update('alice', () => undefined as never);
      expect(await client.exists('alice')).toBe(0);
    } finally {
      await client.config('SET', 'maxmemory', '100mb');
    }
  });

  test('takes 10,000 keys at once, and many of a megabyte', { timeout: 120_000 }, async () => {
    const processor = processorOn(client);
    const keys = Array.from({ length: 10_000 }, (_, i) => `key ${i}`);
    expect(new Set(await Promise.all(keys.map((key) => processor.run(key, increment))))).toEqual(
      new Set([1]),
    );
    const large = startProcessor<string>({
      ...redisStore<string>({ client, initial: () => '' }),
      minDuration: 0,
    });
    const text = 'é'.repeat(2 ** 19);
    await Promise.all(keys.slice(0, 20).map((key) => large.update(`large ${key}`, () => text)));
    expect(await large.read('large key 7', (value) => value === text)).toBe(true);
  });

  test('of a cluster may give its slots to another under way', { timeout: 60_000 }, async () => {
    const cluster = await startRedisCluster();
    onEnd(cluster.stop);
    const { ports } = cluster.location as { ports: [number, number, number] };
    const connection = new Cluster([{ host: '127.0.0.1', port: ports[0] }]);
    onEnd(() => connection.disconnect());
    const processor = processorOn(connection);
    const keys = Array.from({ length: 10 }, (_, i) => `{hot}${i}`);
    let hasMoved = false;
    const running = (async () => {
      let count = 0;
      for (; !hasMoved || count < 50; count++)
        await Promise.all(keys.map((key) => processor.run(key, increment)));
      return count;
    })();
    const slot = Number(await connection.cluster('KEYSLOT', 'hot'));
    const place = Math.floor((slot * 3) / 16_384);
    const [from, to] = [ports[place], ports[(place + 1) % 3]] as [number, number];
    const idOf = async (port: number) => (await command(port, 'CLUSTER', 'MYID')).split('\r\n')[1] as string;
    const [fromId, toId] = [await idOf(from), await idOf(to)];
    await command(to, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId);
    await command(from, 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId);
    for (const key of keys) await command(from, 'MIGRATE', '127.0.0.1', to, key, 0, 5_000);
    for (const port of [to, from]) await command(port, 'CLUSTER', 'SETSLOT', slot, 'NODE', toId);
    hasMoved = true;
    const count = await running;
    for (const key of keys) expect(await processor.read(key, (counter) => counter.count)).toBe(count);
  });
});

describe('The client', () => {
  test('of ioredis may have a keyPrefix', async () => {
    const prefixed = new Redis({ port: server.port, keyPrefix: 'app:' });
    onEnd(() => prefixed.disconnect());
    const processor = processorOn(prefixed, { prefix: 'carts:' });
    await processor.run('alice', increment);
    expect(await processor.run('alice', increment)).toBe(2);
    expect(await client.keys('*')).toEqual(['app:carts:alice']);
  });

  test.for([2, 3] as const)('of redis may speak RESP%i, be a pool, or give Buffers', async (RESP) => {
    const options = { socket: { port: server.port }, RESP };
    const one = await createClient(options).connect();
    const pool = createClientPool(options);
    await pool.connect();
    const buffers = one.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
    onEnd(() => (one.destroy(), pool.destroy()));
    for (const [i, each] of [one, pool, buffers].entries()) {
      const processor = processorOn(each);
      expect(await processor.run('alice', increment)).toBe(2 * i + 1);
      expect(await processor.run('alice', increment)).toBe(2 * i + 2);
    }
  });

  test('of ioredis that only listens, by RESP2, says so', async () => {
    const subscriber = new Redis({ port: server.port, protocol: 2 });
    onEnd(() => subscriber.disconnect());
    await subscriber.subscribe('news');
    const error = await rejection(processorOn(subscriber).run('alice', increment));
    expect(error).toMatchObject({
      code: 'ERR_LOAD_FAILED',
      cause: { message: expect.stringContaining('subscriber mode') },
    });
  });

  test('may be that of many stores', () => {
    for (let i = 0; i < 50; i++) redisStore({ client, prefix: `${i}:` });
    expect(client.listenerCount('close')).toBe(1);
  });

  test.for([
    [{ client: undefined }, 'client must be one of ioredis or redis'],
    [{ client: {} }, 'client must be one of ioredis or redis'],
    [{ client: 'redis://localhost' }, 'client must be one of ioredis or redis'],
    [{ client: null }, 'client must be one of ioredis or redis'],
    [{ initial: 1 }, 'initial must be a function'],
    [{ prefix: 1 }, 'prefix must be a string'],
    [{ prefix: null }, 'prefix must be a string'],
    [{ ttl: '1' }, 'ttl must be a whole number above 0'],
    [{ ttl: 0 }, 'ttl must be a whole number above 0'],
    [{ ttl: 1.5 }, 'ttl must be a whole number above 0'],
    [{ ttl: Infinity }, 'ttl must be a whole number above 0'],
  ] as const)('and the options are checked at once: %o', ([options, message]) => {
    const make = () => redisStore({ client, ...options } as never);
    expect(make).toThrow(TypeError);
    expect(make).toThrow(message);
  });
});
