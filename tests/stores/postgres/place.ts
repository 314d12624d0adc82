import { startProcessor } from 'groupcommit';
import { type PostgresClient, postgresStore } from 'groupcommit/postgres';
import pg from 'pg';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { pgPool, postgresSql } from '../servers/clients.mjs';
import { startPostgres } from '../servers/postgres.mjs';
import { type Counter, rejection as rejectionOf } from '../suite/place.js';

export { type Counter, increment } from '../suite/place.js';

export const table = 'own';

/** A server for the tests of one file, and what they open on it, which is closed after each. */
export function placeOfTests() {
  let server: Awaited<ReturnType<typeof startPostgres>>;
  let admin: pg.Client;
  const opened: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    server = await startPostgres({ max_connections: '200' });
    admin = new pg.Client(server.connection);
    admin.on('error', () => {});
    await admin.connect();
    await postgresStore({ client: admin, table }).createTable();
  });
  afterEach(async () => {
    for (const close of opened.splice(0).reverse()) await close();
  });
  afterAll(async () => {
    await admin?.end();
    await server?.stop();
  });

  const place = {
    connection: () => server.connection,
    onClose: (close: () => Promise<unknown>) => opened.push(close),
    /** Rows of a statement, by a connection that no test has. */
    query: async (text: string, values: unknown[] = []) => (await admin.query(text, values)).rows,

    pool(options: pg.PoolConfig = {}) {
      const { client, close } = pgPool({ ...server.connection, ...options });
      opened.push(close);
      return client as pg.Pool;
    },
    sql(options: object = {}) {
      const { client, close } = postgresSql({ ...server.connection, ...options });
      opened.push(close);
      return client;
    },
    /** A processor of counters. */
    start(client: PostgresClient, lock?: 'row', processing: object = {}, own = table) {
      const store = postgresStore({ client, table: own, lock, initial: (): Counter => ({ count: 0 }) });
      const processor = startProcessor({ ...store, minDuration: 0, ...processing });
      opened.push(() => processor.stop());
      return processor;
    },
    /** Ends the connections of all but the place itself. */
    terminate: () =>
      admin.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where pid <> pg_backend_pid() and backend_type = 'client backend'`,
      ),
    get: async (key: string): Promise<unknown> =>
      (await admin.query(`select value from ${table} where key = $1`, [key])).rows[0]?.value,
  };
  return place;
}

/** What a run rejects with: the cause is always an Error here. */
export const rejection = (run: Promise<unknown>) =>
  rejectionOf(run) as Promise<Error & { code: string; cause: Error & { code?: string } }>;
