import { type Processor, startProcessor } from 'groupcommit';
import { type RedisClient, type RedisStoreOptions, redisStore } from 'groupcommit/redis';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { createClient } from 'redis';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Place } from './harness.js';
import { LossyProxy } from './race/lossy-proxy.mjs';
import { placeOf, startRedis, startRedisCluster } from './servers/redis.mjs';
import { type Counter, increment, initial, rejection } from './suite/place.js';

// What becomes of a save whose answer is lost, when the client sends it again by itself.

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** So long a client waits before it connects again. */
const absence = 500;

function processorOn(client: RedisClient, options: object = {}): Processor<Counter> {
  const processor = startProcessor<Counter>({
    ...redisStore({ client, initial } as RedisStoreOptions<Counter> & { initial: () => Counter }),
    minDuration: 0,
    ...options,
  });
  cleanups.push(() => processor.stop());
  return processor;
}

/** Makes a change whose answer is lost, and, before the client connects again, another by `meanwhile`. */
async function lose(
  processor: Processor<Counter>,
  proxy: LossyProxy,
  change: (counter: Counter) => Counter | undefined,
  meanwhile: () => Promise<unknown>,
) {
  let ran = 0;
  const lost = processor.update('hot', (counter) => {
    ran++;
    proxy.loseNextAnswer();
    return change(counter) as Counter;
  });
  const outcome = lost.then(
    (value) => ({ value }),
    (error) => ({ error }),
  );
  await expect.poll(() => proxy.lost, { timeout: 5_000 }).toBe(1);
  await meanwhile();
  const result: { value?: Counter; error?: Error & { code?: string; cause?: unknown } } = await outcome;
  expect(ran).toBe(1);
  return result;
}

const plusOne = ({ count }: Counter) => ({ count: count + 1 });
const unknown = { code: 'ERR_SAVE_FAILED', cause: { code: 'ERR_OUTCOME_UNKNOWN' } };

describe('ioredis, whose connection is lost', () => {
  let place: Place;
  let proxy: LossyProxy;
  beforeAll(async () => {
    place = placeOf(await startRedis());
  });
  afterAll(() => place?.stop());

  async function start(options: RedisOptions = {}) {
    proxy = await LossyProxy.to(place.location.port as number);
    const direct = new Redis(place.location.port as number);
    const client = new Redis({ port: proxy.port, retryStrategy: () => absence, ...options });
    client.on('error', () => {});
    cleanups.push(() => (client.disconnect(), direct.disconnect(), proxy.close()));
    await direct.flushall();
    const processor = processorOn(client);
    await processor.run('hot', increment);
    return { processor, other: processorOn(direct), client, count: async () => Number(JSON.parse((await direct.hget('hot', 'value')) ?? '{}').count) };
  }

  test('finds its own save when it sends it again', async () => {
    const { processor, count } = await start();
    expect(await lose(processor, proxy, plusOne, async () => {})).toEqual({ value: { count: 2 } });
    expect(await count()).toBe(2);
  });

  test('does not know whether it was saved if others have saved meanwhile', async () => {
    const { processor, other, count } = await start();
    const { error } = await lose(processor, proxy, plusOne, () => other.run('hot', increment));
    expect(error).toMatchObject(unknown);
    expect(error?.message).toContain("It is not known whether the record 'hot' has been saved");
    expect(await count()).toBe(3);
    expect(await processor.run('hot', increment)).toBe(4);
  });

  test('does not know whether a record was deleted that is not there', async () => {
    const { processor, count } = await start();
    expect((await lose(processor, proxy, () => undefined, async () => {})).error).toMatchObject(unknown);
    expect(await count()).toBeNaN();
    expect(await processor.run('hot', increment)).toBe(1);
  });

  test('does not know when it gives up', async () => {
    const { processor, count } = await start({ maxRetriesPerRequest: 0 });
    const { error } = await lose(processor, proxy, plusOne, async () => {});
    expect(error).toMatchObject({ ...unknown, cause: { ...unknown.cause, cause: { name: 'MaxRetriesPerRequestError' } } });
    expect(await count()).toBe(2);
  });

  test('does not know when it does not send again', async () => {
    const { processor, count } = await start({ autoResendUnfulfilledCommands: false, commandTimeout: 2_000 });
    expect((await lose(processor, proxy, plusOne, async () => {})).error).toMatchObject(unknown);
    expect(await count()).toBe(2);
  });

  test('has a conflict, and no doubt, if the connection was lost before', async () => {
    const { processor, other, client, count } = await start();
    const ran: number[] = [];
    const held = startProcessor<Counter>({ ...redisStore({ client, initial }), minDuration: 600_000 });
    const run = held.run('hot', (counter) => {
      ran.push(counter.count);
      return increment(counter);
    });
    await expect.poll(() => ran).toEqual([1]);
    const reconnected = new Promise((resolve) => client.once('ready', resolve));
    client.stream.destroy();
    await other.run('hot', increment);
    await reconnected;
    await held.stop();
    expect(await run).toBe(3);
    expect(ran).toEqual([1, 2]);
    expect(await count()).toBe(3);
    expect(await processor.run('hot', increment)).toBe(4);
  });

  test('loads, when the connection is lost in the midst of that', async () => {
    const { processor } = await start();
    proxy.loseNextAnswer();
    expect(await processor.run('hot', increment)).toBe(2);
    expect(proxy.lost).toBe(1);
  });
});

describe('redis, whose connection is lost', () => {
  let place: Place;
  beforeAll(async () => {
    place = placeOf(await startRedis());
  });
  afterAll(() => place?.stop());

  test('sends no save twice', async () => {
    const proxy = await LossyProxy.to(place.location.port as number);
    const client = createClient({ socket: { port: proxy.port, reconnectStrategy: () => absence } });
    const direct = createClient({ socket: { port: place.location.port as number } });
    client.on('error', () => {});
    await client.connect();
    await direct.connect();
    cleanups.push(() => (client.destroy(), direct.destroy(), proxy.close()));
    const processor = processorOn(client);
    await processor.run('hot', increment);
    const { error } = await lose(processor, proxy, plusOne, () => processorOn(direct).run('hot', increment));
    expect(error).toMatchObject(unknown);
    expect(await processor.run('hot', increment)).toBe(4);
  });

  test('does not wait for a load longer than the deadline', async () => {
    const server = await startRedis();
    cleanups.push(() => server.stop());
    const client = createClient({ socket: { port: server.port } });
    client.on('error', () => {});
    await client.connect();
    cleanups.push(() => client.destroy());
    const processor = processorOn(client, { maxDuration: 500 });
    await processor.run('hot', increment);
    await server.kill();
    expect(await rejection(processor.run('hot', increment))).toMatchObject({ code: 'ERR_LOAD_FAILED', cause: { name: 'TimeoutError' } });
    await server.start();
    await expect.poll(() => processor.run('hot', increment).catch(() => 0), { timeout: 20_000 }).toBe(2);
  });
});

describe('a cluster by ioredis, a connection of which is lost', () => {
  let place: Place;
  beforeAll(async () => {
    place = await startRedisCluster();
  }, 60_000);
  afterAll(() => place?.stop());

  test.for([true, false])('never makes a change twice; others write meanwhile: %s', { timeout: 60_000 }, async (isHot) => {
    const ports = place.location.ports as number[];
    const proxies = await Promise.all(ports.map((port) => LossyProxy.to(port)));
    const natMap = Object.fromEntries(ports.map((port, i) => [`127.0.0.1:${port}`, { host: '127.0.0.1', port: (proxies[i] as LossyProxy).port }]));
    const roots = [{ host: '127.0.0.1', port: ports[0] as number }];
    const direct = new Cluster(roots);
    const client = new Cluster(roots, { natMap, retryDelayOnFailover: absence });
    for (const each of [client, direct]) each.on('error', () => {});
    cleanups.push(() => (client.disconnect(), direct.disconnect(), Promise.all(proxies.map((proxy) => proxy.close()))));
    const processor = processorOn(client);
    const other = processorOn(direct);
    await direct.del('hot');
    await processor.run('hot', increment);

    // Slot 4862 of 'hot' is the first node's.
    const proxy = proxies[await nodeOf(direct, ports)] as LossyProxy;
    const { value, error } = await lose(processor, proxy, plusOne, async () => isHot && (await other.run('hot', increment)));
    if (isHot) expect(error).toMatchObject(unknown);
    else expect(value ?? error).toMatchObject(value ? { count: 2 } : unknown);
    expect(JSON.parse((await direct.hget('hot', 'value')) as string)).toEqual({ count: isHot ? 3 : 2 });
    expect(await processor.run('hot', increment)).toBe(isHot ? 4 : 3);
  });

  async function nodeOf(client: Cluster, ports: number[]) {
    const slot = Number(await client.cluster('KEYSLOT', 'hot'));
    return Math.floor((slot * ports.length) / 16_384);
  }
});
