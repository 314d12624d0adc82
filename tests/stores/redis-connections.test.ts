import { startProcessor } from 'groupcommit';
import { redisStore } from 'groupcommit/redis';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { createClient, createSentinel } from 'redis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Place } from './harness.js';
import { LossyProxy } from './race/lossy-proxy.mjs';
import { lose, onEnd, plusOne, processorOn, unknown } from './redis/processors.js';
import { placeOf, startRedis, startRedisCluster, startSentinel } from './servers/redis.mjs';
import { type Counter, increment, initial, rejection } from './suite/place.js';

// What becomes of a save whose answer is lost. Some clients send it again by themselves, when they have connected again.

const proxyTo = async (port: number) => {
  const proxy = await LossyProxy.to(port);
  onEnd(() => proxy.close());
  return proxy;
};

let place: Place;
let port: number;
beforeAll(async () => {
  place = placeOf(await startRedis());
  port = place.location.port as number;
});
afterAll(() => place?.stop());

/** What has ioredis give up. */
type Impatience = Pick<
  RedisOptions,
  'autoResendUnfulfilledCommands' | 'commandTimeout' | 'maxRetriesPerRequest'
>;

/** A client that knows what is there, and nothing of proxies. */
async function start() {
  const direct = new Redis(port);
  onEnd(() => direct.disconnect());
  await direct.flushall();
  const count = async () => Number(JSON.parse((await direct.hget('hot', 'value')) ?? '{}').count);
  return { proxy: await proxyTo(port), other: processorOn(direct), count };
}

describe('ioredis, whose connection is lost', () => {
  async function startIORedis(options: Impatience = {}) {
    const { proxy, other, count } = await start();
    const client = new Redis({ port: proxy.port, ...options });
    client.on('error', () => {});
    onEnd(() => client.disconnect());
    const processor = processorOn(client);
    await processor.run('hot', increment);
    return { processor, proxy, other, client, count };
  }

  test('finds its own save when it sends it again', async () => {
    const { processor, proxy, count } = await startIORedis();
    expect(await lose(processor, proxy, plusOne)).toEqual({ value: { count: 2 } });
    expect(await count()).toBe(2);
  });

  test('does not know whether it was saved if others have saved meanwhile', async () => {
    const { processor, proxy, other, count } = await startIORedis();
    const { error } = await lose(processor, proxy, plusOne, () => other.run('hot', increment));
    expect(error).toMatchObject(unknown);
    expect(error?.message).toContain('It is not known whether the record "hot" has been saved');
    expect(await count()).toBe(3);
    expect(await processor.run('hot', increment)).toBe(4);
  });

  test('does not know whether it has deleted a record that is not there', async () => {
    const { processor, proxy, count } = await startIORedis();
    expect((await lose(processor, proxy, () => undefined)).error).toMatchObject(unknown);
    expect(await count()).toBeNaN();
    expect(await processor.run('hot', increment)).toBe(1);
  });

  test('does not know when it gives up', async () => {
    const { processor, proxy, count } = await startIORedis({ maxRetriesPerRequest: 0 });
    const { error } = await lose(processor, proxy, plusOne);
    expect(error).toMatchObject({
      cause: { ...unknown.cause, cause: { name: 'MaxRetriesPerRequestError' } },
    });
    expect(await count()).toBe(2);
  });

  test('does not know when it does not send again', async () => {
    const options = { autoResendUnfulfilledCommands: false, commandTimeout: 2_000 };
    const { processor, proxy, count } = await startIORedis(options);
    expect((await lose(processor, proxy, plusOne)).error).toMatchObject(unknown);
    expect(await count()).toBe(2);
  });

  test('has a conflict, and no doubt, if the connection was lost before', async () => {
    const { other, client, count } = await startIORedis();
    const seen: number[] = [];
    const held = startProcessor<Counter>({ ...redisStore({ client, initial }), minDuration: 600_000 });
    const run = held.run('hot', (counter) => {
      seen.push(counter.count);
      return increment(counter);
    });
    await expect.poll(() => seen).toEqual([1]);
    const connected = new Promise((resolve) => client.once('ready', resolve));
    client.stream.destroy();
    await other.run('hot', increment);
    await connected;
    await held.stop();
    expect(await run).toBe(3);
    expect(seen).toEqual([1, 2]);
    expect(await count()).toBe(3);
  });

  test('loads, when the connection is lost in the midst of that', async () => {
    const { processor, proxy } = await startIORedis();
    proxy.loseNextAnswer();
    expect(await processor.run('hot', increment)).toBe(2);
    expect(proxy.lost).toBe(1);
  });

  test.for([true, false])(
    'never makes a change twice in a cluster; others write meanwhile: %s',
    { timeout: 60_000 },
    async (isHot) => {
      const cluster = await startRedisCluster();
      onEnd(cluster.stop);
      const { ports } = cluster.location as { ports: number[] };
      const proxies = await Promise.all(ports.map(proxyTo));
      const address = (port = 0) => ({ host: '127.0.0.1', port });
      const natMap = Object.fromEntries(
        ports.map((port, i) => [`127.0.0.1:${port}`, address(proxies[i]?.port)]),
      );
      const client = new Cluster([address(ports[0])], { natMap });
      const direct = new Cluster([address(ports[0])]);
      for (const each of [client, direct]) onEnd(() => each.disconnect());
      const processor = processorOn(client);
      await processor.run('hot', increment);

      const slot = Number(await direct.cluster('KEYSLOT', 'hot'));
      const proxy = proxies[Math.floor((slot * ports.length) / 16_384)] as LossyProxy;
      const meanwhile = () => isHot && processorOn(direct).run('hot', increment);
      const { value, error } = await lose(processor, proxy, plusOne, meanwhile);
      if (isHot) expect(error).toMatchObject(unknown);
      else expect(value).toEqual({ count: 2 });
      expect(JSON.parse((await direct.hget('hot', 'value')) as string)).toEqual({ count: isHot ? 3 : 2 });
      expect(await processor.run('hot', increment)).toBe(isHot ? 4 : 3);
    },
  );
});

describe('redis, whose connection is lost', () => {
  test('sends no save twice', async () => {
    const { proxy, other } = await start();
    const client = createClient({ socket: { port: proxy.port } });
    client.on('error', () => {});
    await client.connect();
    onEnd(() => client.destroy());
    const processor = processorOn(client);
    await processor.run('hot', increment);
    const { error } = await lose(processor, proxy, plusOne, () => other.run('hot', increment));
    expect(error).toMatchObject(unknown);
    expect(await processor.run('hot', increment)).toBe(4);
  });

  test('does not know whether it was saved by Sentinel if others have saved meanwhile', {
    timeout: 60_000,
  }, async () => {
    const { proxy, other, count } = await start();
    const sentinel = await startSentinel(port);
    onEnd(sentinel.stop);
    const address = (port: number) => ({ host: '127.0.0.1', port });
    const client = createSentinel({
      name: 'main',
      sentinelRootNodes: [address(sentinel.port)],
      nodeAddressMap: { [`127.0.0.1:${port}`]: address(proxy.port) },
    });
    client.on('error', () => {});
    await client.connect();
    onEnd(() => client.destroy());
    const processor = processorOn(client);
    await processor.run('hot', increment);
    const { error } = await lose(processor, proxy, plusOne, () => other.run('hot', increment));
    expect(error).toMatchObject(unknown);
    expect(await count()).toBe(3);
  });

  test('does not wait for a load longer than the deadline', async () => {
    const server = await startRedis();
    onEnd(() => server.stop());
    const client = createClient({ socket: { port: server.port } });
    client.on('error', () => {});
    await client.connect();
    onEnd(() => client.destroy());
    const processor = processorOn(client, { maxDuration: 500 });
    await processor.run('hot', increment);
    await server.kill();
    const late = await rejection(processor.run('hot', increment));
    expect(late).toMatchObject({ code: 'ERR_LOAD_FAILED', cause: { name: 'TimeoutError' } });
    await server.start();
    await expect.poll(() => processor.run('hot', increment).catch(() => 0), { timeout: 20_000 }).toBe(2);
  });
});
