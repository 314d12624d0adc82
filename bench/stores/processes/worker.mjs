// One of the processes that increment a record: worker.mjs WAY CONNECTION CALLERS SECONDS
// It waits for a line, works for so many seconds, and writes what came of it, as a line of JSON.

import { once } from 'node:events';
import pg from 'pg';
import { ways } from './ways.mjs';

const [way, connection, callers, seconds] = process.argv.slice(2);

let queries = 0;
const { query } = pg.Client.prototype;
pg.Client.prototype.query = function (...args) {
  queries++;
  return query.apply(this, args);
};
const { max, start } = ways[way];
const pool = new pg.Pool({ ...JSON.parse(connection), max });
const contestant = start(pool, 'records');
await Promise.all(Array.from({ length: max }, () => pool.query('select pg_sleep(0.1)')));

process.stdout.write('ready\n');
await once(process.stdin, 'data');
queries = 0;
const latencies = [];
const started = performance.now();
const end = started + Number(seconds) * 1_000;

async function caller() {
  for (let begun = performance.now(); begun < end; begun = performance.now()) {
    await contestant.increment('hot');
    latencies.push(performance.now() - begun);
  }
}
await Promise.all(Array.from({ length: Number(callers) }, caller));
const took = (performance.now() - started) / 1_000;
await contestant.close?.();
await pool.end();
const { conflicts = 0 } = contestant;
process.stdout.write(`${JSON.stringify({ latencies, conflicts, queries, seconds: took })}\n`, () =>
  process.exit(),
);
