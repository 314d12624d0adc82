import { setTimeout as sleep } from 'node:timers/promises';
import { startProcessor } from 'groupcommit';
import { postgresStore } from 'groupcommit/postgres';
import pg from 'pg';
import { startPostgres } from '../../../tests/stores/servers/postgres.mjs';
import { newRecord } from '../record.mjs';

export { compareProcesses } from '../processes/compare.mjs';

export const title = 'PostgreSQL, pg, each commit on the disk';

/** Each way has a table of its own. By hand each caller has a connection of its own, as each waits for its own statements only. */
export async function start() {
  const { connection, stop } = await startPostgres({ max_connections: '250' });
  const ways = [];
  for (const [way, max] of [
    [groupcommit, 10],
    [byHand, 10],
    [compareAndSet, 100],
    [forUpdate, 100],
    [statements, 100],
  ]) {
    const pool = new pg.Pool({ ...connection, max });
    const table = `records${ways.length}`;
    await postgresStore({ client: pool, table }).createTable();
    ways.push({ ...common(pool, table), ...way(pool, table) });
  }
  return { ways, stop };
}

const common = (pool, table) => ({
  fill: async (keys) => {
    await pool.query(`insert into ${table} (key, value) select key, $2 from unnest($1::text[]) as key`, [
      keys,
      newRecord(),
    ]);
    await pool.query(`vacuum analyze ${table}`);
  },
  read: async (key) =>
    (await pool.query(`select value from ${table} where key = $1`, [key])).rows[0].value.count,
  total: async () =>
    Number((await pool.query(`select sum((value ->> 'count')::int) from ${table}`)).rows[0].sum),
  close: () => pool.end(),
});

function groupcommit(pool, table) {
  const processor = startProcessor({ ...postgresStore({ client: pool, table }), minDuration: 0 });
  return {
    name: 'groupcommit',
    update: (key) => processor.run(key, (record) => ++record.count),
    read: (key) => processor.read(key, ({ count }) => count),
  };
}

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
    read: undefined,
  };
}

function compareAndSet(pool, table) {
  let conflicts = 0;
  return {
    name: 'compare-and-set loop',
    conflicts: () => conflicts,
    async update(key) {
      for (let attempt = 0; ; attempt++) {
        const { rows } = await pool.query(`select value, version from ${table} where key = $1`, [key]);
        const [{ value, version }] = rows;
        value.count++;
        const { rowCount } = await pool.query(
          `update ${table} set value = $2, version = version + 1 where key = $1 and version = $3`,
          [key, value, version],
        );
        if (rowCount === 1) return;
        conflicts++;
        await sleep(Math.random() * Math.min(1_000, 5 * 2 ** attempt));
      }
    },
  };
}

function forUpdate(pool, table) {
  return {
    name: 'select … for update',
    async update(key) {
      const client = await pool.connect();
      try {
        await client.query('begin');
        const { rows } = await client.query(`select value from ${table} where key = $1 for update`, [key]);
        const [{ value }] = rows;
        value.count++;
        await client.query(`update ${table} set value = $2, version = version + 1 where key = $1`, [
          key,
          value,
        ]);
        await client.query('commit');
      } finally {
        client.release();
      }
    },
  };
}

function statements(pool, table) {
  return {
    name: 'update … set n = n + 1',
    update: (key) =>
      pool.query(
        `update ${table} set value = jsonb_set(value, '{count}', to_jsonb((value ->> 'count')::int + 1)), version = version + 1
         where key = $1 returning value`,
        [key],
      ),
  };
}
