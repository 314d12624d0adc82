import { setTimeout as sleep } from 'node:timers/promises';

// Two ways to change a row with a key, a value and a version by hand. `change(key, operation)` resolves when the change is on the
// server's disk.

const reading = (table) => `SELECT value, version FROM ${table} WHERE key = $1`;
const writing = (table) => `UPDATE ${table} SET value = $2, version = version + 1 WHERE key = $1`;

/** A transaction that has the row locked from the read to the write. */
export function forUpdate(pool, table) {
  const [read, write] = [`${reading(table)} FOR UPDATE`, writing(table)];
  return {
    async change(key, operation) {
      const client = await pool.connect();
      try {
        await client.query('BEGIN');
        const { rows } = await client.query(read, [key]);
        operation(rows[0].value);
        await client.query(write, [key, rows[0].value]);
        await client.query('COMMIT');
      } catch (error) {
        await client.query('ROLLBACK');
        throw error;
      } finally {
        client.release();
      }
    },
  };
}

/** A read, and a write on condition that nobody has written meanwhile; after a while that grows, once more. */
export function compareAndSet(pool, table) {
  const [read, write] = [reading(table), `${writing(table)} AND version = $3`];
  const way = {
    conflicts: 0,
    async change(key, operation) {
      for (let attempt = 0; ; attempt++) {
        const { rows } = await pool.query(read, [key]);
        const { value, version } = rows[0];
        operation(value);
        const { rowCount } = await pool.query(write, [key, value, version]);
        if (rowCount === 1) return;
        way.conflicts += 1;
        await sleep(Math.random() * Math.min(5 * 2 ** attempt, 1_000));
      }
    },
  };
  return way;
}
