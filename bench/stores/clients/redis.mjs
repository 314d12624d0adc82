import { setTimeout as sleep } from 'node:timers/promises';
import { startProcessor } from 'groupcommit';
import { redisStore } from 'groupcommit/redis';
import { Redis } from 'ioredis';
import { startRedis } from '../../../tests/stores/servers/redis.mjs';
import { newRecord } from '../record.mjs';

const appendfsync = (relaxed) => (relaxed ? 'everysec' : 'always');
export const title = (relaxed) => `Redis, ioredis, appendfsync = ${appendfsync(relaxed)}`;

/** WATCH takes a connection for each caller. */
const CONNECTIONS = 100;

/** Each way has records of its own. */
export async function start(relaxed) {
  const server = await startRedis({ appendfsync: appendfsync(relaxed) });
  const ways = [groupcommit, watch, compareAndSet].map((way) => way(server.port));
  return { ways, stop: () => server.stop() };
}

const connect = (port) => new Redis(port, { enableAutoPipelining: true });

function groupcommit(port) {
  const client = connect(port);
  const processor = startProcessor({ ...redisStore({ client, prefix: 'ours:' }), minDuration: 0 });
  const keys = new Set();
  return {
    name: 'groupcommit',
    async fill(filled) {
      for (const key of filled) keys.add(key);
      await Promise.all(filled.map((key) => processor.update(key, newRecord)));
    },
    update: (key) => processor.run(key, (record) => ++record.count),
    read: (key) => processor.read(key, ({ count }) => count),
    async total() {
      const counts = await Promise.all([...keys].map((key) => processor.read(key, ({ count }) => count)));
      return sum(counts);
    },
    close: async () => client.disconnect(),
  };
}

/** Records that are plain texts. */
const common = (client, prefix) => {
  const keys = new Set();
  const get = async (key) => JSON.parse(await client.get(prefix + key));
  return {
    async fill(filled) {
      for (const key of filled) keys.add(key);
      await Promise.all(filled.map((key) => client.set(prefix + key, JSON.stringify(newRecord()))));
    },
    read: async (key) => (await get(key)).count,
    total: async () => sum((await Promise.all([...keys].map(get))).map(({ count }) => count)),
    close: async () => client.disconnect(),
  };
};

function watch(port) {
  const prefix = 'watch:';
  const client = connect(port);
  const free = Array.from({ length: CONNECTIONS }, () => new Redis(port));
  const all = [...free];
  const waiting = [];
  const take = () => free.pop() ?? new Promise((resolve) => waiting.push(resolve));
  const give = (connection) => (waiting.length > 0 ? waiting.shift()(connection) : free.push(connection));
  let conflicts = 0;
  return {
    ...common(client, prefix),
    name: 'WATCH, GET, MULTI, SET, EXEC, with backoff',
    async update(key) {
      const connection = await take();
      try {
        for (let pause = 5; ; pause = Math.min(2 * pause, 1_000)) {
          const [, text] = await Promise.all([connection.watch(prefix + key), connection.get(prefix + key)]);
          const record = JSON.parse(text);
          record.count++;
          const results = await connection
            .multi()
            .set(prefix + key, JSON.stringify(record))
            .exec();
          if (results) return;
          conflicts++;
          await sleep(Math.random() * pause);
        }
      } finally {
        give(connection);
      }
    },
    conflicts: () => conflicts,
    async close() {
      for (const connection of [client, ...all]) connection.disconnect();
    },
  };
}

function compareAndSet(port) {
  const prefix = 'cas:';
  const client = connect(port);
  client.defineCommand('compareAndSet', {
    numberOfKeys: 1,
    lua: `if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1`,
  });
  let conflicts = 0;
  return {
    ...common(client, prefix),
    name: 'compare and set by a script, with backoff',
    async update(key) {
      for (let pause = 5; ; pause = Math.min(2 * pause, 1_000)) {
        const text = await client.get(prefix + key);
        const record = JSON.parse(text);
        record.count++;
        if (await client.compareAndSet(prefix + key, text, JSON.stringify(record))) return;
        conflicts++;
        await sleep(Math.random() * pause);
      }
    },
    conflicts: () => conflicts,
  };
}

/** @param {number[]} numbers */
const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
