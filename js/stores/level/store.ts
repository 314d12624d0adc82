import { need, type Store, type StoreOptions } from '../options.js';
import { jsonOf, keyText, resourceOf } from '../records.js';

/** What is asked of a database: any of abstract-level has it, and any sublevel. */
export interface LevelDatabase {
  getMany(keys: string[], options: LevelEncodings): Promise<(string | undefined)[]>;
  batch(operations: LevelOperation[], options: LevelEncodings & { sync: boolean }): Promise<void>;
}

/** Given with each call: those of the database itself do not matter. */
export interface LevelEncodings {
  keyEncoding: 'utf8';
  valueEncoding: 'utf8';
}

/** What is done to a record. */
export type LevelOperation = { type: 'put'; key: string; value: string } | { type: 'del'; key: string };

/** Options of {@link levelStore}. */
export interface LevelStoreOptions<Resource, Key extends string | number = string>
  extends StoreOptions<Resource, Key> {
  /** The database, or the sublevel, that has the records. */
  db: LevelDatabase;
  /**
   * Whether a save waits until the disk has the records, so that they survive a loss of power. Without, the operating system has
   * them, and they survive the end of the process.
   *
   * @defaultValue false
   */
  sync?: boolean | undefined;
}

const encodings = { keyEncoding: 'utf8', valueEncoding: 'utf8' } as const;

/**
 * Keeps resources in a database of [abstract-level](https://github.com/Level/abstract-level), as JSON: spread the result into the options
 * of `startProcessor`.
 *
 * - Batches that load in one turn are read by one `getMany`, and those that save in one turn are written by one `batch`: all of them, or
 *   none.
 * - LevelDB is opened by one process only, so there are no versions and no conflicts. But whoever else writes the same records in this
 *   process is not noticed: have one processor for them.
 * - A resource is what JSON holds: null, booleans, finite numbers, strings, arrays and plain objects. Anything else in it, undefined too,
 *   is a TypeError that names the place, and the failure of that batch alone.
 *
 * @throws TypeError that names the option, if one is of the wrong kind.
 *
 * @example
 * <!-- not run -->
 * ```ts
 * import { ClassicLevel } from 'classic-level';
 * import { startProcessor } from 'groupcommit';
 * import { levelStore } from 'groupcommit/level';
 *
 * const db = new ClassicLevel('./shop');
 * const carts = startProcessor({
 *   ...levelStore({ db: db.sublevel('carts'), initial: () => ({ items: [] as string[] }) }),
 *   minDuration: 0,
 * });
 * await carts.run('alice', (cart) => void cart.items.push('apple'));
 * ```
 */
export function levelStore<Resource, Key extends string | number = string>(
  options: LevelStoreOptions<Resource, Key> & { initial: (key: Key) => Resource },
): Store<Resource, Key>;
export function levelStore<Resource, Key extends string | number = string>(
  options: LevelStoreOptions<Resource, Key>,
): Store<Resource | undefined, Key>;
export function levelStore<Resource, Key extends string | number>(
  options: LevelStoreOptions<Resource, Key>,
): Store<Resource | undefined, Key> {
  const { db, initial, sync = false } = options;
  need(typeof db?.getMany === 'function', 'db must be a database of abstract-level');
  need(!initial || typeof initial === 'function', 'initial must be a function');

  return {
    async loadResources(batches, { signal }) {
      signal.throwIfAborted();
      const records = await db.getMany(
        batches.map(({ key }) => keyText(key)),
        encodings,
      );
      return batches.map(({ key }, place) => resourceOf(records[place], key, initial));
    },

    async saveResources(batches, { signal }) {
      signal.throwIfAborted();
      const records = batches.map(({ resource }) => jsonOf(resource));
      const operations: LevelOperation[] = [];
      for (const [place, value] of records.entries()) {
        const key = keyText((batches[place] as (typeof batches)[number]).key);
        if (value === undefined) operations.push({ type: 'del', key });
        else if (typeof value === 'string') operations.push({ type: 'put', key, value });
      }
      await db.batch(operations, { ...encodings, sync });
      return records.map((record) => (record instanceof Error ? record : undefined));
    },
  };
}
