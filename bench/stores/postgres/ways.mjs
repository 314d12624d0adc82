// The ways to change a record in PostgreSQL, by hand and with groupcommit. All keep it in the same table.

import { setTimeout as sleep } from 'node:timers/promises';
import { startProcessor } from 'groupcommit';
import { postgresStore } from 'groupcommit/postgres';

/** @typedef {{ n: number, filler?: string }} Counter */
/**
 * @typedef {{
 *   increment(key: string): Promise<unknown>, read(key: string): Promise<unknown>, close?(): Promise<unknown>, conflicts: number,
 * }} Way
 */

const select = 'select value, version from counters where key = $1';
const compareAndSet = 'update counters set value = $2, version = version + 1 where key = $1 and version = $3';

/** @type {Record<string, (pool: import('pg').Pool) => Way>} */
export const ways = {
  'UPDATE n = n + 1': (pool) => {
    const statement = `update counters set value = jsonb_set(value, '{n}', to_jsonb((value ->> 'n')::int + 1)), version = version + 1
      where key = $1 returning value`;
    return {
      increment: (key) => pool.query(statement, [key]),
      read: (key) => pool.query(select, [key]),
      conflicts: 0,
    };
  },

  'SELECT … FOR UPDATE': (pool) => ({
    async increment(key) {
      const client = await pool.connect();
      try {
        await client.query('begin');
        const { rows } = await client.query(`${select} for update`, [key]);
        const value = { ...rows[0].value, n: rows[0].value.n + 1 };
        await client.query(compareAndSet, [key, value, rows[0].version]);
        await client.query('commit');
      } finally {
        client.release();
      }
    },
    read: (key) => pool.query(select, [key]),
    conflicts: 0,
  }),

  'compare-and-set loop': (pool) => {
    /** @type {Way} */
    const way = {
      async increment(key) {
        for (let attempt = 0; ; attempt++) {
          const { rows } = await pool.query(select, [key]);
          const value = { ...rows[0].value, n: rows[0].value.n + 1 };
          const { rowCount } = await pool.query(compareAndSet, [key, value, rows[0].version]);
          if (rowCount === 1) return;
          way.conflicts++;
          await sleep(Math.random() * Math.min(1_000, 5 * 2 ** attempt));
        }
      },
      read: (key) => pool.query(select, [key]),
      conflicts: 0,
    };
    return way;
  },

  groupcommit: (pool) => withGroupcommit(pool),
  "groupcommit, lock: 'row'": (pool) => withGroupcommit(pool, 'row'),
};

/** @param {import('pg').Pool} pool @param {'row'} [lock] @returns {Way} */
function withGroupcommit(pool, lock) {
  const store = postgresStore({ client: pool, table: 'counters', lock, initial: () => ({ n: 0 }) });
  const processor = startProcessor({ ...store, minDuration: 0 });
  /** @type {Way} */
  const way = {
    increment: (key) => processor.run(key, (counter) => void counter.n++),
    read: (key) => processor.read(key, (counter) => counter.n),
    close: () => processor.stop(),
    conflicts: 0,
  };
  processor.subscribeBatchMetrics(({ attempts }) => void (way.conflicts += attempts - 1));
  return way;
}
