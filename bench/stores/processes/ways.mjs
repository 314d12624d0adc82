// The ways to increment a record in PostgreSQL, by hand and with groupcommit.

import { startProcessor } from 'groupcommit';
import { postgresStore } from 'groupcommit/postgres';
import { compareAndSet, forUpdate } from '../../../examples/flash-sale/by-hand.mjs';

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
  'compare-and-set loop': { max: 25, start: byHand(compareAndSet) },
  'select … for update': { max: 25, start: byHand(forUpdate) },
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

/** @param {(pool: import('pg').Pool, table: string) => { change: Function, conflicts?: number }} start of examples/flash-sale */
function byHand(start) {
  /** @param {import('pg').Pool} pool @param {string} table @returns {Way} */
  return (pool, table) => {
    const way = start(pool, table);
    return {
      read: reading(pool, table),
      increment: (key) => way.change(key, (/** @type {{ count: number }} */ record) => void record.count++),
      get conflicts() {
        return way.conflicts ?? 0;
      },
    };
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
