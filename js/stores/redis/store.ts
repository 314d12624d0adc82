import type { SavedBatch } from '../../core/types.js';
import { unknownOutcome } from '../failure.js';
import { need, type Store, type StoreOptions } from '../options.js';
import { conflict, jsonOf, keyText, resourceOf } from '../records.js';
import { unlessAborted } from '../signals.js';
import { commandsOf, lossesOf, type RedisClient } from './client.js';

/** Options of {@link redisStore}. */
export interface RedisStoreOptions<Resource, Key extends string | number = string>
  extends StoreOptions<Resource, Key> {
  /** A client of `ioredis` or `redis`, for one server or for a cluster. It remains yours: connect it before, close it after `stop()`. */
  client: RedisClient;
  /**
   * What the names of the records begin with, before their keys: `'carts:'`.
   *
   * @defaultValue ''
   */
  prefix?: string | undefined;
  /**
   * ms that a record lives after its last save.
   *
   * @defaultValue for ever, or as long as others have told Redis
   */
  ttl?: number | undefined;
}

/** What {@link redisStore} makes: options for `startProcessor`. */
export interface RedisStore<Resource, Key extends string | number = string> extends Store<Resource, Key> {
  /** 20. Another number can be given after the store in the options of `startProcessor`. */
  retries: number;
}

/**
 * Keeps resources in Redis, as JSON: spread the result into the options of `startProcessor`.
 *
 * - A record is a hash with two fields, `value` and `version`. Each save gives it a version that no other has had, if it still has the one
 *   that was loaded: a script looks and writes in one step. If it has not, that is a conflict, and the batch starts over.
 * - What loads or saves in one turn is sent together, a command for each record, so that a cluster can have them anywhere.
 * - A save whose answer was lost is an error with `code` 'ERR_OUTCOME_UNKNOWN', unless the client sends it again, as ioredis does: then the
 *   record tells whether it has been saved already.
 * - The call's signal ends the wait for a load, and keeps a save from beginning. A save that was sent cannot be taken back.
 * - A resource is what JSON holds: null, booleans, finite numbers, strings, arrays and plain objects. Anything else in it, undefined too,
 *   is a TypeError that names the place, and the failure of that batch alone.
 *
 * @throws TypeError that names the option, if one is of the wrong kind.
 *
 * @example
 * <!-- not run -->
 * ```ts
 * import { Redis } from 'ioredis';
 * import { startProcessor } from 'groupcommit';
 * import { redisStore } from 'groupcommit/redis';
 *
 * const client = new Redis({ enableAutoPipelining: true });
 * const carts = startProcessor({
 *   ...redisStore({ client, prefix: 'carts:', initial: () => ({ items: [] as string[] }) }),
 *   minDuration: 0,
 * });
 * await carts.run('alice', (cart) => void cart.items.push('apple'));
 * ```
 */
export function redisStore<Resource, Key extends string | number = string>(
  options: RedisStoreOptions<Resource, Key> & { initial: (key: Key) => Resource },
): RedisStore<Resource, Key>;
export function redisStore<Resource, Key extends string | number = string>(
  options: RedisStoreOptions<Resource, Key>,
): RedisStore<Resource | undefined, Key>;
export function redisStore<Resource, Key extends string | number>(
  options: RedisStoreOptions<Resource, Key>,
): RedisStore<Resource | undefined, Key> {
  const { client, prefix = '', ttl, initial } = options;
  need(
    ['evalSha', 'evalsha'].some((name) => name in Object(client)),
    'client must be one of ioredis or redis',
  );
  need(typeof prefix === 'string', 'prefix must be a string');
  need(ttl === undefined || (Number.isSafeInteger(ttl) && ttl > 0), 'ttl must be a whole number above 0');
  need(!initial || typeof initial === 'function', 'initial must be a function');
  const commands = commandsOf(client);
  const losses = lossesOf(client);
  const versions = new WeakMap<object, string>();

  const save = async (batch: SavedBatch<unknown, Key>): Promise<undefined> => {
    const { key } = batch;
    const value = jsonOf(batch.resource);
    if (value instanceof Error) throw value;
    const args = [versions.get(batch) as string, crypto.randomUUID()];
    if (value !== undefined) args.push(value, `${ttl ?? ''}`);
    const lost = losses.count;
    const reply = await commands.save(prefix + keyText(key), args).catch((error) => {
      throw isRefusal(error) ? error : unknown(key, error);
    });
    if (reply === 1) return;
    // If it was sent twice, others may have written after the first time.
    throw lost === losses.count ? conflict(key) : unknown(key, new Error('a connection was lost'));
  };

  return {
    retries: 20,

    async loadResources(batches, { signal }) {
      signal.throwIfAborted();
      const records = batches.map(async (batch) => {
        const [value, version] = await commands.load(prefix + keyText(batch.key));
        versions.set(batch, (version ?? '') as string);
        return resourceOf(value as string | null, batch.key, initial);
      });
      return unlessAborted(signal, Promise.all(records.map((record) => record.catch(asIs))));
    },

    async saveResources(batches, { signal }) {
      signal.throwIfAborted();
      return Promise.all(batches.map((batch) => save(batch).catch(asIs)));
    },
  };
}

/** An Error in the place of a batch is its failure. Clients throw nothing else. */
const asIs = (error: Error) => error;

/** Whether it is what the server has answered, which begins with a word in capitals: then nothing was saved. */
const isRefusal = ({ message }: Error): boolean => /^[A-Z]{2,} /.test(message);

const unknown = (key: string | number, cause: Error) =>
  unknownOutcome(`the record ${JSON.stringify(key)} has been saved`, cause);
