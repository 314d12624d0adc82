// The clients of PostgreSQL, by the names that the tests and the bench have for them.

import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';
import postgres from 'postgres';

/** A `Pool` of `pg`. */
export function pgPool(connection) {
  const client = new pg.Pool(connection);
  client.on('error', () => {}); // a connection that nobody was using is lost
  return {
    client,
    query: async (text, values) => (await client.query(text, values)).rows,
    close: () => client.end(),
  };
}

/** The `sql` of `postgres`. */
export function postgresSql(connection) {
  const client = postgres({ ...connection, onnotice: () => {}, connect_timeout: 3 });
  // Without a limit it waits for ever for a connection that was lost.
  const close = () => client.end({ timeout: 2 });
  return { client, query: (text, values) => client.unsafe(text, values), close };
}

/** PGlite, in memory or in a folder. */
export function pglite(folder) {
  const client = new PGlite(folder);
  return {
    client,
    query: async (text, values) => (await client.query(text, values)).rows,
    close: () => client.close(),
  };
}
