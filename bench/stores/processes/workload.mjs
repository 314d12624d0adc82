import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { postgresStore } from 'groupcommit/postgres';
import pg from 'pg';
import { newRecord } from '../record.mjs';

const worker = fileURLToPath(new URL('worker.mjs', import.meta.url));

/**
 * @typedef {{ perSecond: number, p50: number, p99: number, conflicts: number, queries: number, lost: number }} Figures
 * conflicts: for each increment; queries: a second
 */

/**
 * Has processes increment the same record for some seconds, and counts.
 * @param {string} way
 * @param {object} connection
 * @param {{ processes: number, callers: number, seconds: number }} workload callers: in each process
 * @returns {Promise<Figures>}
 */
export async function run(way, connection, { processes, callers, seconds }) {
  await begin(connection);
  const args = [worker, way, JSON.stringify(connection), `${callers}`, `${seconds}`];
  const workers = Array.from({ length: processes }, () =>
    spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] }),
  );
  try {
    const lines = workers.map((child) => createInterface({ input: child.stdout })[Symbol.asyncIterator]());
    for (const each of lines)
      if ((await each.next()).done) throw new Error(`A process of '${way}' has failed`);
    for (const { stdin } of workers) stdin.write('go\n');
    const results = await Promise.all(lines.map(async (each) => JSON.parse((await each.next()).value)));
    return figures(results, await countOf(connection));
  } finally {
    for (const child of workers) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill();
      await once(child, 'exit');
    }
  }
}

/** @param {{ latencies: number[], conflicts: number, queries: number, seconds: number }[]} results @param {number} count */
function figures(results, count) {
  const latencies = Float64Array.from(results.flatMap((result) => result.latencies)).sort();
  const at = (/** @type {number} */ share) => latencies[Math.floor(latencies.length * share)] ?? Number.NaN;
  const sum = (/** @type {(result: typeof results[number]) => number} */ of) =>
    results.reduce((all, result) => all + of(result), 0);
  return {
    perSecond: sum(({ latencies, seconds }) => latencies.length / seconds),
    p50: at(0.5),
    p99: at(0.99),
    conflicts: sum(({ conflicts }) => conflicts) / latencies.length,
    queries: sum(({ queries, seconds }) => queries / seconds),
    lost: latencies.length - count,
  };
}

/** @param {object} connection */
async function begin(connection) {
  const client = await connected(connection);
  await client.query('drop table if exists records');
  await postgresStore({ client, table: 'records' }).createTable();
  await client.query(`insert into records (key, value) values ('hot', $1)`, [newRecord()]);
  await client.query('checkpoint');
  await client.end();
}

/** @param {object} connection */
async function countOf(connection) {
  const client = await connected(connection);
  const { rows } = await client.query(`select (value -> 'count')::int as count from records`);
  await client.end();
  return rows[0].count;
}

/** @param {object} connection */
async function connected(connection) {
  const client = new pg.Client(connection);
  await client.connect();
  return client;
}
