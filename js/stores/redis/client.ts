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
  /** Resolves to a text for each field, or null. */
  get(key: string, fields: string[]): Promise<unknown[]>;
  /** Runs the script. */
  run(key: string, args: string[]): Promise<unknown>;
}

export function commandsOf(client: RedisClient): Commands {
  const isNodeRedis = 'evalSha' in client;
  const evaluate = async (name: 'sha1' | 'script', key: string, args: string[]) => {
    if (isNodeRedis) {
      const options = { keys: [key], arguments: args };
      return name === 'sha1' ? client.evalSha(SHA1, options) : client.eval(SCRIPT, options);
    }
    return name === 'sha1' ? client.evalsha(SHA1, 1, key, ...args) : client.eval(SCRIPT, 1, key, ...args);
  };
  return {
    get: async (key, fields) => (isNodeRedis ? client.hmGet(key, fields) : client.hmget(key, ...fields)),
    run: (key, args) =>
      evaluate('sha1', key, args).catch((error) => {
        // The server does not have the script: it is new, or has been told to forget all.
        if (!/^NOSCRIPT /.test(error?.message)) throw error;
        return evaluate('script', key, args);
      }),
  };
}

/** How the clients tell that a connection is lost, if they then send its commands again: `Redis` and `Cluster` of ioredis, and that of Sentinel. */
const EVENTS = ['close', '-node', 'client-error', 'topology-change'];
const losses = new WeakMap<RedisClient, { count: number }>();

/** How many connections the client has lost. What was sent over one of them, and has not been answered, is perhaps sent again. */
export function lossesOf(client: RedisClient): { readonly count: number } {
  const known = losses.get(client);
  if (known) return known;
  const lost = { count: 0 };
  losses.set(client, lost);
  for (const event of EVENTS) client.on(event, () => void lost.count++);
  return lost;
}
