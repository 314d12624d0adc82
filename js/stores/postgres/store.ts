import type { BatchContext, Release } from '../../core/types.js';
import type { Store } from '../options.js';
import { queryOf } from './client.js';
import { isMadeMeanwhile } from './failure.js';
import { locked } from './locked.js';
import { check, type PostgresStoreOptions } from './options.js';
import { Records } from './records.js';
import { statementsOf } from './statements.js';
import { together } from './together.js';
import { transactOf } from './transaction.js';

/**
 * What {@link postgresStore} makes: options for `startProcessor`, and a way to make the table. Whichever are given after the store in the
 * options of `startProcessor` count instead.
 */
export interface PostgresStore<Resource, Key extends string | number = string> extends Store<Resource, Key> {
  /** 20. */
  retries: number;
  /**
   * 4: so that what asks while so many statements are under way goes together in the next. Few large ones are several times as fast as many
   * small ones. `Infinity` with `lock: 'row'`.
   */
  concurrency: number;
  /** 1,000: the most records in a statement. 1 with `lock: 'row'`. */
  maxKeys: number;
  /** With `lock: 'row'`: begins a transaction and locks the row in it. What is not committed when the lock is released is rolled back. */
  lockResource?: (key: Key, batch: BatchContext<Key>) => Promise<Release>;
  /** Makes the table, if there is none of its name. Nothing else does. */
  createTable: () => Promise<void>;
}

/**
 * Keeps resources in a table of PostgreSQL, as `jsonb`: spread the result into the options of `startProcessor`. For `pg`, `postgres`, and
 * for what has the `query(text, values)` of `pg`, such as PGlite.
 *
 * - Batches that load in one turn are read by one statement, and those that save in one turn are written by one.
 * - Each record has a version, by which a save notices that another process has written it since: then the batch starts over, alone. With
 *   `lock: 'row'` each batch has a transaction of its own instead, in which its row is locked from load to save, and others wait.
 * - A resource is what JSON holds: null, booleans, finite numbers, strings, arrays and plain objects. Anything else in it, undefined too,
 *   is a TypeError that names the place, and the failure of that batch alone; so is a string with a NUL or half a surrogate pair.
 * - A save whose answer has been lost fails with `code: 'ERR_OUTCOME_UNKNOWN'`, and the client's error as its `cause`. It is not
 *   repeated.
 * - The call's signal keeps a call from beginning, and ends the wait for a load and for a lock. A save that is under way goes on.
 *
 * @throws TypeError that names the option, if one is of the wrong kind.
 *
 * @example
 * <!-- not run -->
 * ```ts
 * import pg from 'pg';
 * import { startProcessor } from 'groupcommit';
 * import { postgresStore } from 'groupcommit/postgres';
 *
 * const pool = new pg.Pool().on('error', console.error);
 * const store = postgresStore({ client: pool, table: 'accounts', initial: () => ({ balance: 0 }) });
 * await store.createTable();
 * const accounts = startProcessor({ ...store, minDuration: 0 });
 * await accounts.run('alice', (account) => void (account.balance += 10));
 * ```
 */
export function postgresStore<Resource, Key extends string | number = string>(
  options: PostgresStoreOptions<Resource, Key> & { initial: (key: Key) => Resource },
): PostgresStore<Resource, Key>;
export function postgresStore<Resource, Key extends string | number = string>(
  options: PostgresStoreOptions<Resource, Key>,
): PostgresStore<Resource | undefined, Key>;
export function postgresStore<Resource, Key extends string | number>(
  options: PostgresStoreOptions<Resource, Key>,
): PostgresStore<Resource | undefined, Key> {
  check(options);
  const { client, table, schema, lock, initial } = options;
  const query = queryOf(client);
  const statements = statementsOf(schema, table);
  const records = new Records<Resource | undefined, Key>(statements, initial);
  const transact = lock && transactOf(client);

  return {
    retries: 20,
    ...(transact ? locked(transact, statements, records) : together(query, statements, records)),

    async createTable() {
      await query(statements.create).catch((error) => {
        if (!isMadeMeanwhile(error)) throw error;
      });
    },
  };
}
