import { startProcessor } from 'groupcommit';
import { redisStore } from 'groupcommit/redis';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { processorOn } from './redis/processors.js';
import { startRedis } from './servers/redis.mjs';
import { type Counter, increment, initial, rejection } from './suite/place.js';

let server: Awaited<ReturnType<typeof startRedis>>;
let client: Redis;
beforeAll(async () => {
  server = await startRedis();
  client = new Redis(server.port);
});
beforeEach(() => client.flushall());
afterAll(async () => {
  client?.disconnect();
  await server?.stop();
});

describe('A record in Redis', () => {
  test('is a hash of the value and a version that is never the same', async () => {
    const processor = processorOn(client, { prefix: 'carts:' });
    await processor.run('alice', increment);
    const { value, version, ...others } = await client.hgetall('carts:alice');
    expect(value).toBe('{"count":1}');
    expect(version).toMatch(/^[0-9a-f-]{36}$/);
    expect(others).toEqual({});
    await processor.run('alice', increment);
    expect(await client.hget('carts:alice', 'version')).not.toBe(version);
    await processor.run(7, increment);
    expect((await client.keys('*')).sort()).toEqual(['carts:#7', 'carts:alice']);
  });

  test('lives as long as ttl says, from its last save', async () => {
    const processor = processorOn(client, { ttl: 300 });
    await processor.run('brief', increment);
    expect(await client.pttl('brief')).toBeLessThanOrEqual(300);
    expect(await client.pttl('brief')).toBeGreaterThan(0);
    await expect.poll(() => client.exists('brief'), { timeout: 5_000 }).toBe(0);
    expect(await processor.run('brief', increment)).toBe(1);
    expect(await client.pttl('brief')).toBeGreaterThan(0);
  });

  test('that has died since it was loaded is made anew', async () => {
    await processorOn(client).run('dying', increment);
    const seen: number[] = [];
    const held = startProcessor({ ...redisStore({ client, initial }), minDuration: 600_000 });
    const run = held.run('dying', (counter) => (seen.push(counter.count), increment(counter)));
    await expect.poll(() => seen).toEqual([1]);
    await client.pexpire('dying', 1);
    await expect.poll(() => client.exists('dying')).toBe(0);
    await held.stop();
    expect(await run).toBe(1);
    expect(seen).toEqual([1, 0]);
  });

  test('keeps the time to live that others have set, if there is no ttl', async () => {
    const processor = processorOn(client);
    await processor.run('alice', increment);
    await client.pexpire('alice', 60_000);
    await processor.run('alice', increment);
    expect(await client.pttl('alice')).toBeGreaterThan(0);
  });

  test('that others have made without a version gets one', async () => {
    await client.hset('alice', 'value', '{"count":5}');
    const processors = [processorOn(client), processorOn(client)];
    expect((await Promise.all(processors.map((each) => each.run('alice', increment)))).sort()).toEqual([
      6, 7,
    ]);
  });

  test('of another type fails alone, and stays', async () => {
    await client.set('text', 'hello');
    const processor = processorOn(client);
    const [text, neighbour] = await Promise.allSettled([
      processor.run('text', increment),
      processor.run('beside', increment),
    ]);
    expect(text).toMatchObject({
      reason: { code: 'ERR_LOAD_FAILED', cause: { message: expect.stringContaining('WRONGTYPE') } },
    });
    expect(neighbour).toMatchObject({ value: 1 });
    expect(await client.get('text')).toBe('hello');
  });

  test('that has become one of another type fails alone, and certainly', async () => {
    const held = startProcessor({ ...redisStore({ client, initial }), minDuration: 600_000 });
    const seen: number[] = [];
    const see = (counter: Counter) => (seen.push(counter.count), increment(counter));
    const runs = Promise.allSettled([held.run('text', see), held.run('beside', see)]);
    await expect.poll(() => seen).toEqual([0, 0]);
    await client.set('text', 'hello');
    await held.stop();
    const [text, neighbour] = await runs;
    expect(text).toMatchObject({
      reason: { code: 'ERR_SAVE_FAILED', cause: { message: expect.stringContaining('WRONGTYPE') } },
    });
    expect((text as PromiseRejectedResult).reason.cause.code).toBeUndefined();
    expect(neighbour).toMatchObject({ value: 1 });
  });

  test('that is no JSON fails alone', async () => {
    await client.hset('broken', 'value', '{"count":');
    const error = await rejection(processorOn(client).run('broken', increment));
    expect(error).toMatchObject({
      code: 'ERR_LOAD_FAILED',
      cause: { name: 'SyntaxError' },
    });
  });
});
