// The ways to increment a record in PostgreSQL, by hand and with groupcommit.

import { setTimeout as sleep } from 'node:timers/promises';
import { startProcessor } from 'groupcommit';
import { postgresStore } from 'groupcommit/postgres';

/**
 * @typedef {{
 *   increment(key: string): Promise<unknown>, read(key: string): Promise<unknown>, close?(): Promise<unknown>, conflicts?: number,
 * }} Way
 */

/**
 * By hand each caller has a connection of its own, so that it waits for nobody's but the row's.
 * @type {Record<string, { max: number, start(pool: import('pg').Pool, table: string): Way }>} max: connections for 25 callers
 */
export const ways = {
  groupcommit: { max: 10, start: (pool, table) => groupcommit(pool, table) },
  "groupcommit, lock: 'row'": { max: 10, start: (pool, table) => groupcommit(pool, table, 'row') },
  'compare-and-set loop': { max: 25, start: compareAndSet },
  'select … for update': { max: 25, start: forUpdate },
  'update … set n = n + 1': { max: 25, start: statements },
};

/** @param {import('pg').Pool} pool @param {string} table @param {'row'} [lock] @returns {Way} */
function groupcommit(pool, table, lock) {
  const store = postgresStore({ client: pool, table, lock, initial: () => ({ count: 0 }) });
  const processor = startProcessor({ ...store, minDuration: 0 });
  /** @type {Way & { conflicts: number }} */
  const way = {
    increment: (key) => processor.run(key, (record) => ++record.count),
    read: (key) => processor.read(key, ({ count }) => count),
    close: () => processor.stop(),
    conflicts: 0,
  };
  processor.subscribeBatchMetrics(({ attempts }) => void (way.conflicts += attempts - 1));
  return way;
}

/** @param {import('pg').Pool} pool @param {string} table @returns {Way} */
function compareAndSet(pool, table) {
  const way = {
    read: reading(pool, table),
    conflicts: 0,
    async increment(key) {
      for (let attempt = 0; ; attempt++) {
        const { rows } = await pool.query(`select value, version from ${table} where key = $1`, [key]);
        const [{ value, version }] = rows;
        value.count++;
        const { rowCount } = await pool.query(
          `update ${table} set value = $2, version = version + 1 where key = $1 and version = $3`,
          [key, value, version],
        );
        if (rowCount === 1) return value.count;
        way.conflicts++;
        await sleep(Math.random() * Math.min(1_000, 5 * 2 ** attempt));
      }
    },
  };
  return way;
}

/** @param {import('pg').Pool} pool @param {string} table @returns {Way} */
function forUpdate(pool, table) {
  return {
    read: reading(pool, table),
    async increment(key) {
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
        return value.count;
      } finally {
        client.release();
      }
    },
  };
}

/** @param {import('pg').Pool} pool @param {string} table @returns {Way} */
function statements(pool, table) {
  const statement = `update ${table} set value = jsonb_set(value, '{count}', to_jsonb((value -> 'count')::int + 1)),
    version = version + 1 where key = $1 returning value`;
  return { increment: (key) => pool.query(statement, [key]), read: reading(pool, table) };
}

/** @param {import('pg').Pool} pool @param {string} table */
function reading(pool, table) {
  const statement = `select value from ${table} where key = $1`;
  return async (/** @type {string} */ key) => (await pool.query(statement, [key])).rows[0].value.count;
}
