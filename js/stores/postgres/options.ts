import { mistyped, show } from '../../core/settings.js';
import { check as checkStore, type StoreOptions } from '../options.js';
import type { PostgresClient } from './client.js';

/** Options of {@link postgresStore}. */
export interface PostgresStoreOptions<Resource, Key extends string | number = string>
  extends StoreOptions<Resource, Key> {
  /**
   * A `Pool` or a `Client` of `pg`, or what has its `query(text, values)`, such as PGlite; or the `sql` of `postgres`. It remains yours: end
   * it after `stop()`.
   */
  client: PostgresClient;
  /** The name of the table, as it is: with capitals, if it has any. */
  table: string;
  /**
   * The name of its schema.
   *
   * @defaultValue the `search_path` of the connection decides
   */
  schema?: string | undefined;
  /**
   * `'row'`: one transaction from load to save, in which the row is locked, so that others wait, where they would start over otherwise. Each
   * batch then has a connection of its own, so the client is a `Pool`, or the `sql` of `postgres`.
   *
   * @defaultValue no lock: a record that others have changed meanwhile is a conflict
   */
  lock?: 'row' | undefined;
}

/** Throws the TypeError that names the first option of the wrong kind. */
export function check(options: unknown): void {
  const { client, table, schema, lock } = Object(options);
  const has = (method: string) => typeof client?.[method] === 'function';
  checkStore(options, 'client', 'a client of pg or postgres', has('unsafe') ? [] : ['query']);
  checkName('table', table);
  if (schema !== undefined) checkName('schema', schema);
  if (lock !== undefined && lock !== 'row') throw new TypeError(`lock must be 'row', not ${show(lock)}`);
  if (lock && !has('begin') && !has('connect'))
    throw new TypeError("client must be a Pool of pg, or the sql of postgres, for lock: 'row'");
}

function checkName(option: string, name: unknown): void {
  if (typeof name !== 'string' || name === '') throw mistyped(option, 'the name of one', name);
}
