import { postgresStore } from 'groupcommit/postgres';
import pg from 'pg';
import { startPostgres } from '../../../tests/stores/servers/postgres.mjs';
import { ways as byCaller } from '../processes/ways.mjs';
import { newRecord } from '../record.mjs';

export { compareProcesses } from '../processes/compare.mjs';

export const title = (relaxed) => `PostgreSQL, pg, synchronous_commit = ${relaxed ? 'off' : 'on'}`;

/** Each way has a table of its own. */
export async function start(relaxed) {
  const settings = { max_connections: '400', synchronous_commit: relaxed ? 'off' : 'on' };
  const { connection, stop } = await startPostgres(settings);
  const open = async (max, way) => {
    const pool = new pg.Pool({ ...connection, max });
    const table = `records${Math.random().toString(36).slice(2)}`;
    await postgresStore({ client: pool, table }).createTable();
    return { ...common(pool, table), ...way(pool, table) };
  };
  const { groupcommit, ...others } = byCaller;
  const ways = [
    await open(groupcommit.max, single('groupcommit')),
    await open(10, byHand),
    await open(1, oneByOne),
  ];
  // By hand each of the 100 callers has a connection of its own.
  for (const name of Object.keys(others))
    ways.push(await open(name.startsWith('groupcommit') ? 10 : 100, single(name)));
  return { ways, stop };
}

const single = (name) => (pool, table) => {
  const way = byCaller[name].start(pool, table);
  return { name, update: way.increment, read: way.read, conflicts: () => way.conflicts ?? 0 };
};

const common = (pool, table) => ({
  fill: async (keys) => {
    await pool.query(`insert into ${table} (key, value) select key, $2 from unnest($1::text[]) as key`, [
      keys,
      newRecord(),
    ]);
    await pool.query(`vacuum analyze ${table}`);
  },
  total: async () =>
    Number((await pool.query(`select sum((value ->> 'count')::int) from ${table}`)).rows[0].sum),
  close: () => pool.end(),
});

/** The least that can be done for many updates, where somebody has collected them. */
function byHand(pool, table) {
  return {
    name: 'two statements for many keys',
    async updateAll(updates) {
      const keys = [...new Set(updates)];
      const { rows } = await pool.query(`select key, value, version from ${table} where key = any ($1)`, [
        keys,
      ]);
      const records = new Map(rows.map((row) => [row.key, row]));
      for (const key of updates) records.get(key).value.count++;
      const { rowCount } = await pool.query(
        `update ${table} as stored set value = given.value, version = stored.version + 1
         from unnest($1::text[], $2::jsonb[], $3::bigint[]) as given (key, value, version)
         where stored.key = given.key and stored.version = given.version returning stored.key`,
        [
          keys,
          keys.map((key) => JSON.stringify(records.get(key).value)),
          keys.map((key) => records.get(key).version),
        ],
      );
      if (rowCount !== keys.length) throw new Error('There are conflicts, with nobody else there');
    },
  };
}

/** As one would without thinking of it. */
function oneByOne(pool, table) {
  const { increment } = byCaller['compare-and-set loop'].start(pool, table);
  return {
    name: 'one by one',
    async updateAll(updates) {
      for (const key of updates) await increment(key);
    },
  };
}
