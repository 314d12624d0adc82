// Clients fit by their shape, and the store tells the type of the resource. A comment at the beginning of a line is the title of what follows.

import { expectTypeOf } from 'expect-type';
import { type Processor, startProcessor } from 'groupcommit';
import { type PostgresStore, postgresStore } from 'groupcommit/postgres';
import type pg from 'pg';
import type postgres from 'postgres';

interface Account {
  balance: number;
}
declare const pool: pg.Pool;
declare const client: pg.Client;
declare const connection: pg.PoolClient;
declare const sql: postgres.Sql;
declare const ofBigInts: postgres.Sql<{ bigint: bigint }>;
declare const initial: () => Account;
const table = 'accounts';

// A Pool or a Client of pg, the sql of postgres. PGlite does, too: tests/stores compiles it.
expectTypeOf(postgresStore({ client: pool, table, initial })).toEqualTypeOf<PostgresStore<Account>>();
expectTypeOf(postgresStore({ client, table, initial })).toEqualTypeOf<PostgresStore<Account>>();
expectTypeOf(postgresStore({ client: connection, table, initial })).toEqualTypeOf<PostgresStore<Account>>();
expectTypeOf(postgresStore({ client: sql, table, initial })).toEqualTypeOf<PostgresStore<Account>>();
expectTypeOf(postgresStore({ client: ofBigInts, table, initial })).toEqualTypeOf<PostgresStore<Account>>();
// @ts-expect-error
postgresStore({ client: new Map(), table, initial });
// @ts-expect-error
postgresStore({ client: pool, initial });
// @ts-expect-error
postgresStore({ client: pool, table, initial, lock: 'table' });

// Without `initial` a resource may be undefined; with `lock` the types are the same.
expectTypeOf(postgresStore<Account>({ client: pool, table, lock: 'row' })).toEqualTypeOf<
  PostgresStore<Account | undefined>
>();

// Keys may be numbers.
expectTypeOf(postgresStore({ client: pool, table, initial: (key: number) => key })).toEqualTypeOf<
  PostgresStore<number, number>
>();

// The processor has the store's type, and what comes after the store in the options wins.
expectTypeOf(
  startProcessor({
    ...postgresStore({ client: pool, table, schema: 'shop', initial }),
    minDuration: 0,
    retries: 3,
  }),
).toEqualTypeOf<Processor<Account>>();
