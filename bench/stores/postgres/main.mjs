// groupcommit/postgres beside what one would write by hand, on a PostgreSQL that this starts. See docs/postgres.md.

import Table from 'cli-table3';
import { optionsOf } from '../../../scripts/options.mjs';
import { startPostgres } from '../../../tests/stores/servers/postgres.mjs';
import { manyKeys } from './many-keys.mjs';
import { ways } from './ways.mjs';
import { run } from './workload.mjs';

/** @typedef {import('./workload.mjs').Figures} Figures */

const shared = { seconds: 5, processes: 4, callers: 25 };
/** By hand a caller has a connection of its own, since each would only wait for another's. */
const workloads = {
  'hot row': { title: 'One row, 4 processes of 25 callers', ...shared, records: 1, share: 1 },
  'ycsb-1000': { title: 'YCSB F, 1,000 records, 100 callers in one process', ...oneProcess(1_000) },
  'ycsb-100000': { title: 'YCSB F, 100,000 records, 100 callers in one process', ...oneProcess(100_000) },
};

function oneProcess(records) {
  return { ...shared, processes: 1, callers: 100, records, share: 0.5 };
}

const names = [...Object.keys(workloads), 'many keys'];
const usage = `npm run bench:stores -- [options]

  --rounds N     how often each is measured, in turn; the median counts   3
  --seconds N    how long each time                                       5
  --only NAME    one or more of: ${names.join(', ')}`;

const { rounds, seconds, only } = optionsOf(
  {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    only: { type: 'string', multiple: true, default: names },
  },
  usage,
  ({ only }) => {
    const unknown = only.find((name) => !names.includes(name));
    if (unknown !== undefined) throw new Error(`--only: there is no ${unknown}`);
  },
);

const { connection, stop } = await startPostgres({ max_connections: '200' });
try {
  for (const [name, { title, ...workload }] of Object.entries(workloads)) {
    if (only.includes(name)) await compare(title, { ...workload, seconds: Number(seconds) });
  }
  if (only.includes('many keys')) await compareManyKeys();
} finally {
  await stop();
}

async function compare(title, workload) {
  /** @type {Record<string, Figures[]>} */
  const measured = {};
  for (let round = 0; round < Number(rounds); round++) {
    for (const way of Object.keys(ways)) {
      const connections = way.startsWith('groupcommit') ? 10 : workload.callers;
      (measured[way] ??= []).push(await run(way, connection, { ...workload, connections }));
    }
  }
  const table = new Table({
    head: ['', 'operations/s', 'p50 ms', 'p99 ms', 'conflicts/change', 'queries/s', 'lost'],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  });
  for (const [way, figures] of Object.entries(measured)) {
    const of = (/** @type {keyof Figures} */ name) => median(figures.map((each) => each[name]));
    const [perSecond, queries] = [of('perSecond'), of('queriesPerSecond')].map((figure) => show(figure));
    const lost = figures.reduce((sum, each) => sum + each.lost, 0);
    table.push([way, perSecond, show(of('p50')), show(of('p99')), of('conflicts').toFixed(2), queries, lost]);
    if (lost !== 0) process.exitCode = 1;
  }
  console.log(`${title}\n${table.toString()}\n`);
}

async function compareManyKeys() {
  const measured = await manyKeys(connection, 1_000, Number(rounds) * 3);
  const table = new Table({
    head: ['', 'ms', 'keys/s'],
    colAligns: ['left', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  });
  for (const [way, times] of Object.entries(measured)) {
    const time = median(times);
    table.push([way, time.toFixed(1), show(1_000_000 / time)]);
  }
  console.log(`1,000 keys, each changed once, from one process\n${table.toString()}\n`);
}

/** @param {number[]} values */
function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

/** @param {number} value */
function show(value) {
  return value < 100 ? value.toPrecision(3) : Math.round(value).toLocaleString('en-US');
}
