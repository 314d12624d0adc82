import { chmod, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ensureDatabases } from '../../../scripts/setup.mjs';
import { freePort, startServer } from './server.mjs';

const slots = 16_384;

/** What has been acknowledged is on the disk. */
const durable = { appendonly: 'yes', appendfsync: 'always', save: '' };

/**
 * Starts a Redis on loopback.
 * @param {Record<string, string | number>} [settings] of redis.conf
 */
export async function startRedis(settings = {}) {
  const { redis } = await ensureDatabases();
  const server = await startServer('redis');
  try {
    const port = await freePort();
    const all = { bind: '127.0.0.1', port, dir: server.folder, ...durable, ...settings };
    const args = Object.entries(all).flatMap(([name, value]) => [`--${name}`, `${value}`]);
    const start = () =>
      server.start(redis.note, args, { isReady: /Ready to accept connections/, env: redis.env });
    await start();
    return {
      port,
      async restart() {
        await server.kill();
        await start();
      },
      kill: () => server.kill(),
      start,
      // On an order to end, it would not while it still writes its first file.
      stop: () => server.stop('SIGKILL'),
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** @returns {import('../harness.js').Place} */
export const placeOf = ({ port, restart, stop }) => ({ location: { port }, restart, stop });

/** Starts a Sentinel that watches over a server, as `main`. @param {number} master its port */
export async function startSentinel(master) {
  const { redis } = await ensureDatabases();
  const server = await startServer('sentinel');
  try {
    const port = await freePort();
    // It writes to it what it finds out.
    const file = join(server.folder, 'sentinel.conf');
    await writeFile(file, `sentinel monitor main 127.0.0.1 ${master} 1\n`);
    await chmod(file, 0o666);
    const args = [file, '--sentinel', '--port', `${port}`, '--bind', '127.0.0.1', '--dir', server.folder];
    await server.start(redis.note, args, { isReady: /\+monitor master/, env: redis.env });
    return { port, stop: () => server.stop() };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Starts a Redis Cluster of three nodes, which have a third of the slots each. @returns {Promise<import('../harness.js').Place>} */
export async function startRedisCluster() {
  const nodes = [];
  const stop = async () => void (await Promise.all(nodes.map((node) => node.stop())));
  try {
    for (let i = 0; i < 3; i++) nodes.push(await startRedis({ 'cluster-enabled': 'yes' }));
    const [{ port }] = nodes;
    for (const [i, node] of nodes.entries()) {
      const [first, next] = [i, i + 1].map((place) => Math.floor((place * slots) / nodes.length));
      await command(node.port, 'CLUSTER', 'SET-CONFIG-EPOCH', i + 1);
      await command(node.port, 'CLUSTER', 'ADDSLOTSRANGE', first, next - 1);
      if (i > 0) await command(node.port, 'CLUSTER', 'MEET', '127.0.0.1', port);
    }
    const ports = nodes.map((node) => node.port);
    await areWhole(ports);
    return {
      location: { ports },
      async restart() {
        await nodes[0].restart();
        await areWhole(ports);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function areWhole(ports) {
  for (let attempt = 0; attempt < 300; attempt++) {
    const infos = await Promise.all(ports.map((port) => command(port, 'CLUSTER', 'INFO')));
    if (infos.every((info) => /cluster_state:ok/.test(info) && /cluster_known_nodes:3/.test(info))) return;
    await sleep(100);
  }
  throw new Error('The nodes of the Redis Cluster do not find each other');
}

/** Sends a command to a server, and resolves to its reply as it is written. @returns {Promise<string>} */
export function command(port, ...words) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      const parts = words.map((word) => `$${Buffer.byteLength(`${word}`)}\r\n${word}\r\n`);
      socket.write(`*${words.length}\r\n${parts.join('')}`);
    });
    let reply = '';
    socket.on('error', reject).on('data', (data) => {
      reply += data;
      const [, length, body] = /^\$(\d+)\r\n([\s\S]*)/.exec(reply) ?? [];
      const isComplete =
        length === undefined ? reply.endsWith('\r\n') : Buffer.byteLength(body) >= Number(length) + 2;
      if (!isComplete) return;
      socket.destroy();
      if (reply.startsWith('-')) reject(new Error(`${words.join(' ')}: ${reply.slice(1).trim()}`));
      else resolve(reply);
    });
  });
}
