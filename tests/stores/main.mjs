// Many processes on the same records of each store: see docs/testing.md.

import { readdir } from 'node:fs/promises';
import Table from 'cli-table3';
import { optionsOf } from '../../scripts/options.mjs';
import { race } from './race/race.mjs';

const folder = new URL('harnesses/', import.meta.url);
const stores = (await readdir(folder)).map((file) => file.replace(/\.mjs$/, ''));

const usage = `Several processes increment 10 records, and half way the server is killed and started again, or, where
there is none, one of the processes is killed and another one goes on.

  npm run stores -- [options]

  --increments N   in all   100000
  --processes N             4
  --store NAME     one or more of ${stores.join(', ')}   all

Exit code: 1 if an increment was lost, or made twice.`;

const { increments, processes, store } = optionsOf(
  {
    increments: { type: 'string', default: '100000' },
    processes: { type: 'string', default: '4' },
    store: { type: 'string', multiple: true, default: stores },
  },
  usage,
  ({ store, ...numbers }) => {
    for (const [name, value] of Object.entries(numbers)) {
      if (!/^[1-9]\d*$/.test(value)) throw new Error(`--${name} is a whole number above 0, not ${value}`);
    }
    const unknown = store.find((name) => !stores.includes(name));
    if (unknown !== undefined) throw new Error(`--store: there is no ${unknown}`);
  },
);

// An end by a signal is an end as well: folders are removed, and servers stopped.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(130));

const table = new Table({
  head: ['store', 'killed', 'acknowledged', 'not known', 'conflicts', 'a second', 'lost', 'made twice'],
  colAligns: ['left', 'left', 'right', 'right', 'right', 'right', 'right', 'right'],
  style: { head: [], border: [], compact: true },
});
for (const name of store) {
  const { harness } = await import(new URL(`${name}.mjs`, folder).href);
  const report = progress(harness.name);
  const result = await race(harness, {
    processes: Number(processes),
    increments: Number(increments),
    report,
  });
  const { killed, acknowledged, unknown, conflicts, seconds, lost, twice } = result;
  const figures = [acknowledged, unknown, conflicts, Math.round(acknowledged / seconds), lost, twice];
  table.push([harness.name, killed, ...figures.map((figure) => figure.toLocaleString('en-US'))]);
  if (lost + twice > 0) process.exitCode = 1;
}
console.log(`${Number(increments).toLocaleString('en-US')} increments over 10 keys, ${processes} processes`);
console.log(table.toString());

/** A line each ten seconds. */
function progress(name) {
  let next = Date.now() + 10_000;
  return (/** @type {number} */ acknowledged) => {
    if (Date.now() < next) return;
    next += 10_000;
    console.error(`… ${name}: ${acknowledged.toLocaleString('en-US')} acknowledged`);
  };
}
