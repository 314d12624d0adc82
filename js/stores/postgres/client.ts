/** What has the `query` of `pg`: its `Pool` and `Client`, and PGlite. */
export interface PgClient {
  query(text: string, values: string[]): PromiseLike<{ rows: unknown[] }>;
}

/** A `Pool` of `pg`. */
export interface PgPool extends PgClient {
  connect(): PromiseLike<PgConnection>;
}

/** A connection of a `Pool`. */
export interface PgConnection extends PgClient {
  release(isBroken?: boolean): void;
  on(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'error', listener: (error: Error) => void): unknown;
}

/** What `begin` of `postgres` gives. */
export interface PostgresTransaction {
  unsafe(text: string, values: string[], options: { prepare: boolean }): PromiseLike<unknown[]>;
}

/** What `postgres` makes. */
export interface PostgresSql extends PostgresTransaction {
  begin(options: string, work: (sql: PostgresTransaction) => Promise<void>): PromiseLike<unknown>;
}

/** A client of PostgreSQL. */
export type PostgresClient = PgClient | PostgresSql;

/** A record, as it is loaded. */
export interface Row {
  key: string;
  value: string;
  version: string;
}

/** Sends a statement, and resolves to its rows. */
export type Query = (text: string, ...values: string[]) => Promise<Row[]>;

export function queryOf(client: PgClient | PostgresTransaction): Query {
  return async (text, ...values) =>
    ('unsafe' in client
      ? // Prepared, unless the client's own options say otherwise: that saves a round trip.
        await client.unsafe(text, values, { prepare: true })
      : (await client.query(text, values)).rows) as Row[];
}
