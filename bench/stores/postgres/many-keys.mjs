import { startProcessor } from 'groupcommit';
import { postgresStore } from 'groupcommit/postgres';
import pg from 'pg';
import { fill } from './workload.mjs';

const selectOne = 'select value, version from counters where key = $1';
const updateOne = 'update counters set value = $2, version = version + 1 where key = $1 and version = $3';
const selectMany = 'select key, value, version from counters where key = any ($1)';
const updateMany = `update counters set value = given.value, version = counters.version + 1
  from unnest($1::text[], $2::jsonb[], $3::bigint[]) as given (key, value, version)
  where counters.key = given.key and counters.version = given.version returning counters.key`;

/** The first rounds do not count: the code is being compiled. */
const WARM_UP = 10;

/**
 * How long it takes to change so many records, each once, in ms; the ways in turn.
 * @param {object} connection
 * @param {number} count
 * @param {number} rounds
 * @returns {Promise<Record<string, number[]>>}
 */
export async function manyKeys(connection, count, rounds) {
  await fill(connection, count);
  const pool = new pg.Pool(connection);
  const store = postgresStore({ client: pool, table: 'counters', initial: () => ({ n: 0 }) });
  const processor = startProcessor({ ...store, minDuration: 0 });
  const keys = Array.from({ length: count }, (_, i) => `key ${i}`);

  const ways = {
    'one by one': async () => {
      for (const key of keys) {
        const { rows } = await pool.query(selectOne, [key]);
        await pool.query(updateOne, [key, { ...rows[0].value, n: rows[0].value.n + 1 }, rows[0].version]);
      }
    },
    'two statements by hand': async () => {
      const { rows } = await pool.query(selectMany, [keys]);
      const found = new Map(rows.map((row) => [row.key, row]));
      const values = keys.map((key) => {
        const { value } = found.get(key);
        return JSON.stringify({ ...value, n: value.n + 1 });
      });
      const { rowCount } = await pool.query(updateMany, [
        keys,
        values,
        keys.map((key) => found.get(key).version),
      ]);
      if (rowCount !== count)
        throw new Error(`${count - Number(rowCount)} conflicts, with nobody else there`);
    },
    groupcommit: () => Promise.all(keys.map((key) => processor.run(key, (counter) => void counter.n++))),
  };
  /** @type {Record<string, number[]>} */
  const measured = {};
  for (let round = -WARM_UP; round < rounds; round++) {
    for (const [way, change] of Object.entries(ways)) {
      const begun = performance.now();
      await change();
      if (round >= 0) (measured[way] ??= []).push(performance.now() - begun);
    }
  }
  await processor.stop();
  await pool.end();
  return measured;
}
