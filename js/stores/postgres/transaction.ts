import { type PgPool, type PostgresClient, type PostgresSql, type Query, queryOf } from './client.js';

/**
 * Does the work in a transaction, and resolves when that is committed. If the work rejects, it is rolled back. If the connection is lost,
 * it rejects, whatever the work is waiting for.
 */
export type Transact = (work: (query: Query) => Promise<void>) => Promise<void>;

const READ_COMMITTED = 'isolation level read committed';

/** The way to transactions, if the client has any. */
export function transactOf(client: PostgresClient): Transact | undefined {
  if ('begin' in client) return (work) => inSql(client, work);
  return 'connect' in client ? (work) => inPool(client as PgPool, work) : undefined;
}

async function inPool(pool: PgPool, work: (query: Query) => Promise<void>): Promise<void> {
  const connection = await pool.connect();
  if (!connection?.release) throw new TypeError("client must be a Pool of pg for lock: 'row', not a Client");
  const query = queryOf(connection);
  let lose: (error: Error) => void = () => {};
  const lost = new Promise<never>((_, reject) => {
    lose = reject;
  });
  lost.catch(() => {});
  // Without a listener it would be an uncaught exception.
  connection.on('error', lose);
  let isBroken = false;
  try {
    await query(`begin ${READ_COMMITTED}`);
    await Promise.race([work(query), lost]);
    await query('commit');
  } catch (error) {
    await query('rollback').catch(() => {
      isBroken = true;
    });
    throw error;
  } finally {
    connection.off('error', lose);
    connection.release(isBroken);
  }
}

async function inSql(sql: PostgresSql, work: (query: Query) => Promise<void>): Promise<void> {
  await sql.begin(READ_COMMITTED, (transaction) => {
    const query = queryOf(transaction);
    return work((text, ...values) =>
      query(text, ...values).catch((error) => {
        if (error.severity === 'ERROR') throw error;
        // The connection is lost, of which `begin` tells. If the work ended, it would send a rollback into the void, or into the connection
        // that comes next.
        return new Promise(() => {});
      }),
    );
  });
}
