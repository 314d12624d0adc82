import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import pg from 'pg';

const worker = fileURLToPath(new URL('worker.mjs', import.meta.url));

/**
 * @typedef {{ processes: number, callers: number, connections: number, records: number, share: number, seconds: number }} Workload
 * callers and connections: in each process; share: of the increments among the operations, the others read
 * @typedef {{
 *   perSecond: number, p50: number, p99: number, conflicts: number, queriesPerSecond: number, lost: number,
 * }} Figures
 */

/**
 * Has processes work at once, in one of the ways, and counts.
 * @param {string} way
 * @param {object} connection
 * @param {Workload} workload
 * @returns {Promise<Figures>}
 */
export async function run(way, connection, { processes, ...workload }) {
  await fill(connection, workload.records);
  const args = [worker, way, JSON.stringify(connection), JSON.stringify(workload)];
  const workers = Array.from({ length: processes }, () =>
    spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] }),
  );
  try {
    const lines = workers.map((child) => createInterface({ input: child.stdout })[Symbol.asyncIterator]());
    for (const each of lines)
      if ((await each.next()).done) throw new Error(`A process of '${way}' has failed`);
    for (const { stdin } of workers) stdin.write('go\n');
    const results = await Promise.all(lines.map(async (each) => JSON.parse((await each.next()).value)));
    return figures(results, await sumOf(connection));
  } finally {
    for (const child of workers) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill();
      await once(child, 'exit');
    }
  }
}

function figures(results, sum) {
  const total = (/** @type {string} */ name) => results.reduce((all, result) => all + result[name], 0);
  const latencies = Float64Array.from(results.flatMap((result) => result.latencies)).sort();
  const at = (/** @type {number} */ part) => latencies[Math.floor(latencies.length * part)] ?? Number.NaN;
  const perSecond = results.reduce((all, { latencies, seconds }) => all + latencies.length / seconds, 0);
  return {
    perSecond,
    p50: at(0.5),
    p99: at(0.99),
    conflicts: total('conflicts') / total('increments'),
    queriesPerSecond: results.reduce((all, { queries, seconds }) => all + queries / seconds, 0),
    lost: total('increments') - sum,
  };
}

/** Makes the table with so many records, of about a kilobyte. */
export async function fill(connection, records) {
  const client = await connected(connection);
  await client.query('drop table if exists counters');
  await client.query(`create table counters (
    key text collate "C" primary key, value jsonb not null, version bigint not null default txid_current()
  )`);
  await client.query(
    `insert into counters (key, value) select 'key ' || i, jsonb_build_object('n', 0, 'filler', repeat('x', 1000))
     from generate_series(0, $1::int - 1) as i`,
    [records],
  );
  await client.query('vacuum analyze counters');
  await client.query('checkpoint');
  await client.end();
}

async function sumOf(connection) {
  const client = await connected(connection);
  const { rows } = await client.query(`select sum((value ->> 'n')::int)::int as sum from counters`);
  await client.end();
  return rows[0].sum;
}

async function connected(connection) {
  const client = new pg.Client(connection);
  await client.connect();
  return client;
}
