// groupcommit on each store, beside what one would write by hand: see docs/performance.md.

import { readdir } from 'node:fs/promises';
import { optionsOf } from '../../scripts/options.mjs';
import { table, whole } from '../table.mjs';
import { inTurns, median } from './measure.mjs';
import { keyOf, workloads } from './workloads.mjs';

const folder = new URL('clients/', import.meta.url);
const clients = (await readdir(folder)).map((file) => file.replace(/\.mjs$/, ''));

const usage = `groupcommit on each store, beside what one would write by hand, in turns.

  npm run bench:stores -- [options]

  --store NAME   one or more of ${clients.join(', ')}   all
  --records N    records of YCSB's workload F, one or more   1000 and 100000
  --rounds N     of which the median counts   5
  --relaxed      a save need not have reached the disk, only the operating system

Exit code: 1 if an update was lost.`;

const options = optionsOf(
  {
    store: { type: 'string', multiple: true, default: clients },
    records: { type: 'string', multiple: true, default: ['1000', '100000'] },
    rounds: { type: 'string', default: '5' },
    relaxed: { type: 'boolean', default: false },
  },
  usage,
  ({ store, records, rounds }) => {
    const unknown = store.find((/** @type {string} */ name) => !clients.includes(name));
    if (unknown !== undefined) throw new Error(`--store: there is no ${unknown}`);
    for (const number of [...records, rounds]) {
      if (!/^[1-9]\d*$/.test(number)) throw new Error(`A whole number above 0 is expected, not ${number}`);
    }
  },
);

for (const name of options.store) {
  const { title, start, compareProcesses } = await import(new URL(`${name}.mjs`, folder).href);
  for (const workload of workloads(options.records.map(Number)))
    await compare(title(options.relaxed), start, workload);
  if (compareProcesses) await compareProcesses(title(options.relaxed), options);
}

/**
 * @param {string} title
 * @param {(relaxed: boolean) => Promise<{ ways: import('./workloads.mjs').Way[], stop: () => Promise<unknown> }>} start
 * @param {import('./workloads.mjs').Workload} workload
 */
async function compare(title, start, workload) {
  const { ways, stop } = await start(options.relaxed);
  try {
    const keys = Array.from({ length: workload.records }, (_, i) => keyOf(i));
    const chosen = ways.filter(workload.takes);
    for (const way of chosen) await way.fill(keys);
    const results = await inTurns(workload, chosen, Number(options.rounds));
    const [ours] = results;
    const rows = results.map(({ way, rates, cpu, p50, p99, conflicts, lost }) => {
      // Of each round, as both had the same neighbours on the machine.
      const ratio = median(rates.map((rate, round) => (ours?.rates[round] ?? 0) / rate));
      if (lost !== 0) process.exitCode = 1;
      return [
        way,
        whole(median(rates)),
        median(cpu).toFixed(1),
        p50.toFixed(2),
        p99.toFixed(2),
        whole(conflicts),
        whole(lost),
        ratio.toFixed(2),
      ];
    });
    const head = [
      '',
      'operations/s',
      'CPU µs',
      'p50 ms',
      'p99 ms',
      'conflicts',
      'lost',
      'groupcommit: times as many',
    ];
    console.log(`${table(`${title}: ${workload.name}`, head, rows)}\n`);
  } finally {
    for (const way of ways) await way.close();
    await stop();
  }
}
