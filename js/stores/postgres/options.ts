import { need, type StoreOptions } from '../options.js';
import type { PostgresClient } from './client.js';

/** Options of {@link postgresStore}. */
export interface PostgresStoreOptions<Resource, Key extends string | number = string>
  extends StoreOptions<Resource, Key> {
  /**
   * A `Pool` or a `Client` of `pg`, or what has its `query(text, values)`, such as PGlite; or the `sql` of `postgres`. It remains yours:
   * end it after `stop()`.
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
   * `'row'`: one transaction from load to save, in which the row is locked, so that others wait, where they would start over otherwise.
   * Each batch then has a connection of its own, so the client is a `Pool`, or the `sql` of `postgres`.
   *
   * @defaultValue no lock: a record that others have changed meanwhile is a conflict
   */
  lock?: 'row' | undefined;
}

/** Throws the TypeError that names the first option of the wrong kind. */
export function check({ client, table, schema, lock, initial }: PostgresStoreOptions<unknown, never>): void {
  const has = (method: string) => typeof (client as never)?.[method] === 'function';
  need(has('query') || has('unsafe'), 'client must be one of pg or postgres');
  need(isName(table), 'table must be the name of one');
  need(schema === undefined || isName(schema), 'schema must be the name of one');
  need(lock === undefined || lock === 'row', "lock must be 'row'");
  need(
    !lock || has('begin') || has('connect'),
    "client must be a Pool of pg, or of postgres, for lock: 'row'",
  );
  need(initial === undefined || typeof initial === 'function', 'initial must be a function');
}

function isName(name: unknown): boolean {
  return typeof name === 'string' && name !== '';
}
