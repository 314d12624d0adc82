/**
 * Records in PostgreSQL.
 *
 * @module groupcommit/postgres
 */
export type {
  PgClient,
  PgConnection,
  PgPool,
  PostgresClient,
  PostgresSql,
  PostgresTransaction,
} from './stores/postgres/client.js';
export type { PostgresStoreOptions } from './stores/postgres/options.js';
export { type PostgresStore, postgresStore } from './stores/postgres/store.js';
