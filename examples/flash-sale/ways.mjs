import { setTimeout as sleep } from 'node:timers/promises';
import { startProcessor } from 'groupcommit';
import { postgresStore } from 'groupcommit/postgres';
import { buy, deposit, SoldOut, TABLE } from './rows.mjs';

// A way turns `buy(item, buyer)` and `deposit(account, amount)` into statements. The promise settles when the change is
// on the server's disk; that of `buy` rejects with SoldOut when nothing is left.

const READ = `SELECT value, version FROM ${TABLE} WHERE key = $1`;
const WRITE = `UPDATE ${TABLE} SET value = $2, version = version + 1 WHERE key = $1`;

/** All is said in one statement. Most changes of a document cannot be. */
const statementEach = {
  name: 'a statement each',
  start(pool) {
    const BUY = `UPDATE ${TABLE} SET version = version + 1, value = jsonb_build_object(
      'left', (value->>'left')::int - 1, 'buyers', value->'buyers' || to_jsonb($2::text)
    ) WHERE key = $1 AND (value->>'left')::int > 0`;
    const DEPOSIT = `UPDATE ${TABLE} SET version = version + 1, value = jsonb_build_object(
      'balance', (value->>'balance')::int + $2::int
    ) WHERE key = $1`;
    return {
      async buy(item, buyer) {
        const { rowCount } = await pool.query(BUY, [item, buyer]);
        if (rowCount === 0) throw new SoldOut();
      },
      deposit: (account, amount) => pool.query(DEPOSIT, [account, amount]),
    };
  },
};

/** A transaction that has the row locked from the read to the write. */
const forUpdateEach = {
  name: 'FOR UPDATE each',
  start: (pool) =>
    changing(async (key, operation) => {
      const client = await pool.connect();
      try {
        await client.query('BEGIN');
        const { rows } = await client.query(`${READ} FOR UPDATE`, [key]);
        operation(rows[0].value);
        await client.query(WRITE, [key, rows[0].value]);
        await client.query('COMMIT');
      } catch (error) {
        await client.query('ROLLBACK');
        throw error;
      } finally {
        client.release();
      }
    }),
};

/** A read, and a write on condition that nobody has written meanwhile; after a while that grows, once more. */
const compareAndSetEach = {
  name: 'compare-and-set each',
  start(pool) {
    const way = changing(async (key, operation) => {
      for (let attempt = 0; ; attempt++) {
        const { rows } = await pool.query(READ, [key]);
        const { value, version } = rows[0];
        operation(value);
        const { rowCount } = await pool.query(`${WRITE} AND version = $3`, [key, value, version]);
        if (rowCount === 1) return;
        way.conflicts += 1;
        await sleep(Math.random() * Math.min(5 * 2 ** attempt, 1_000));
      }
    });
    return way;
  },
};

const groupcommit = (routing, minDuration) => ({
  name: `groupcommit ${minDuration} ms, ${routing}`,
  routing,
  window: minDuration,
  start(pool) {
    const records = startProcessor({ ...postgresStore({ client: pool, table: TABLE }), minDuration });
    const way = changing((key, operation) => records.run(key, operation));
    records.subscribeBatchMetrics(({ attempts }) => {
      way.conflicts += attempts - 1;
    });
    return way;
  },
});

const changing = (change) => ({
  conflicts: 0,
  buy: (item, buyer) => change(item, (row) => buy(row, buyer)),
  deposit: (account, amount) => change(account, (row) => deposit(row, amount)),
});

/** @param {number[]} windows of groupcommit, in ms */
export const waysWith = (windows) => [
  statementEach,
  forUpdateEach,
  compareAndSetEach,
  ...windows.flatMap((window) => [groupcommit('any process', window), groupcommit('by key', window)]),
];
