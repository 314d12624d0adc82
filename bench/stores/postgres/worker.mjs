// One of the processes of a workload: worker.mjs WAY CONNECTION WORKLOAD
// It waits for a line, works for so many seconds, and writes what came of it, as a line of JSON.

import { once } from 'node:events';
import pg from 'pg';
import { ways } from './ways.mjs';
import { zipfian } from './zipfian.mjs';

const [way, connection, workload] = process.argv.slice(2);
const { seconds, callers, records, share, connections } = JSON.parse(workload);

const pool = new pg.Pool({ ...JSON.parse(connection), max: connections });
let queries = 0;
const { query } = pg.Client.prototype;
pg.Client.prototype.query = function (...args) {
  queries++;
  return query.apply(this, args);
};
const { [way]: start } = ways;
const contestant = start(pool);
const next = zipfian(records, 0.99);
const key = () => `key ${next()}`;
await Promise.all(Array.from({ length: connections }, () => pool.query('select pg_sleep(0.05)')));

process.stdout.write('ready\n');
await once(process.stdin, 'data');
queries = 0;
contestant.conflicts = 0;
const latencies = [];
let increments = 0;
const started = performance.now();
const end = started + seconds * 1_000;

async function caller() {
  for (let begun = performance.now(); begun < end; begun = performance.now()) {
    if (Math.random() < share) {
      await contestant.increment(key());
      increments++;
    } else await contestant.read(key());
    latencies.push(performance.now() - begun);
  }
}
await Promise.all(Array.from({ length: callers }, caller));
const took = (performance.now() - started) / 1_000;
await contestant.close?.();
await pool.end();
const { conflicts } = contestant;
process.stdout.write(
  `${JSON.stringify({ latencies, increments, conflicts, queries, seconds: took })}\n`,
  () => process.exit(),
);
