import { SCRIPT, SHA1 } from './script.js';

/** What is asked of `ioredis`: `Redis`, also by Sentinel, and `Cluster`. */
export interface IORedisClient {
  hmget(key: string, ...fields: string[]): Promise<unknown[]>;
  evalsha(sha1: string, numberOfKeys: number, ...args: string[]): Promise<unknown>;
  eval(script: string, numberOfKeys: number, ...args: string[]): Promise<unknown>;
  on(event: string, listener: () => void): unknown;
}

/** What is asked of `redis`: what `createClient`, `createClientPool`, `createCluster` and `createSentinel` make. */
export interface NodeRedisClient {
  hmGet(key: string, fields: string[]): Promise<unknown[]>;
  evalSha(sha1: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  on(event: string, listener: () => void): unknown;
}

/** A client of Redis. */
export type RedisClient = IORedisClient | NodeRedisClient;

/** The commands, in the same form for both clients. Those that are called in one turn are sent together. */
export interface Commands {
  /** Resolves to value and version, or null in their places. */
  load(key: string): Promise<unknown[]>;
  /** Runs the script. */
  save(key: string, args: string[]): Promise<unknown>;
}

export function commandsOf(client: RedisClient): Commands {
  const isNodeRedis = 'evalSha' in client;
  const run = (key: string, args: string[], byHash: boolean) => {
    if (!isNodeRedis)
      return byHash ? client.evalsha(SHA1, 1, key, ...args) : client.eval(SCRIPT, 1, key, ...args);
    const options = { keys: [key], arguments: args };
    return byHash ? client.evalSha(SHA1, options) : client.eval(SCRIPT, options);
  };
  return {
    load: (key) =>
      isNodeRedis ? client.hmGet(key, ['value', 'version']) : client.hmget(key, 'value', 'version'),
    save: (key, args) =>
      run(key, args, true).catch((error) => {
        // The server does not have the script: it is new, or has been told to forget all.
        if (!/^NOSCRIPT /.test(error.message)) throw error;
        return run(key, args, false);
      }),
  };
}

/** How clients tell that they have lost a connection, and then perhaps send again: `Redis` and `Cluster` of ioredis, Sentinel of redis. */
const EVENTS = ['close', '-node', 'topology-change'];
const losses = new WeakMap<RedisClient, { count: number }>();

/** How many connections the client has lost. */
export function lossesOf(client: RedisClient): { readonly count: number } {
  let lost = losses.get(client);
  if (!lost) {
    const counted = { count: 0 };
    for (const event of EVENTS) client.on(event, () => void counted.count++);
    losses.set(client, counted);
    lost = counted;
  }
  return lost;
}
