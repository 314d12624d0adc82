import { postgresStore } from 'groupcommit/postgres';
import { startPostgres } from './postgres.mjs';

/** Where that of the store is. */
const table = 'Records of "stores"';

/**
 * A harness for a client of a real server.
 * @param {string} name
 * @param {string} module
 * @param {(connection: object) => { client: any, query: Function, close(): Promise<void> }} connect
 * @param {'row'} [lock]
 * @returns {import('../harness.js').Harness}
 */
export function postgresHarness(name, module, connect, lock) {
  return {
    name: `groupcommit/postgres on ${name}${lock ? ", lock: 'row'" : ''}`,
    module,
    hasConflicts: lock === undefined,
    async start() {
      const { connection, kill, start, stop } = await startPostgres();
      const { client, close } = connect(connection);
      await postgresStore({ client, table }).createTable();
      await close();
      return {
        location: connection,
        async restart() {
          await kill();
          await start();
        },
        stop,
      };
    },
    async open(connection, options) {
      const { client, query, close } = connect(connection);
      return {
        store: postgresStore({ client, table, lock, ...options }),
        get: async (key) =>
          (await query(`select value from "${table.replaceAll('"', '""')}" where key = $1`, [key]))[0]?.value,
        close,
      };
    },
  };
}
