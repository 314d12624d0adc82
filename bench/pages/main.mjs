// Counts what is saved of a change when the page is left: of records of any size, and of changes in the last moment.

import { setTimeout as sleep } from 'node:timers/promises';
import Table from 'cli-table3';
import { optionsOf } from '../../scripts/options.mjs';
import { oneOf, upTo999 } from '../browser/choices.mjs';
import { visit, ways } from './browser.mjs';

const help = `npm run bench:pages -- [OPTIONS]

  --browser NAME   chromium or firefox (default: chromium)
  --only TABLE     sizes or clicks (default: both)
  --tries NUMBER   of each (default: 20)
  --help`;

/** By title what is tried, for each way to leave a page. A record that is changed by a click has 1 KB. */
const tables = {
  sizes: Object.fromEntries(
    [30_000, 64_000, 128_000, 256_000, 512_000, 1_000_000, 5_000_000].flatMap((size) =>
      ['run', 'put'].map((recipe) => [
        `${size / 1000} KB, ${recipe}`,
        { recipe, size, isOpen: true, isPrepared: true },
      ]),
    ),
  ),
  clicks: Object.fromEntries(
    ['run', 'autosave', 'put'].flatMap((recipe) =>
      [false, true].map((isOpen) => [
        `${recipe}, ${isOpen ? 'warm' : 'cold'}`,
        { recipe, size: 1000, isOpen },
      ]),
    ),
  ),
};

await main(
  optionsOf(
    {
      browser: { type: 'string', default: 'chromium' },
      only: { type: 'string' },
      tries: { type: 'string', default: '20' },
    },
    help,
    ({ browser, only, tries }) => {
      oneOf('browser', browser, ['chromium', 'firefox']);
      oneOf('only', only, Object.keys(tables));
      upTo999('tries', tries);
    },
  ),
);

async function main({ browser: name, only, tries }) {
  const browser = await visit(name);
  try {
    for (const [title, tasks] of Object.entries(tables)) {
      if (only && title !== only) continue;
      console.log(`${browser.version}: ${title}, saved of ${tries}`);
      const table = new Table({
        head: ['', ...Object.keys(ways)],
        style: { head: [], border: [], compact: true },
      });
      for (const [row, task] of Object.entries(tasks)) {
        const counts = [];
        for (const way of Object.keys(ways)) {
          counts.push(await count(browser, way, task, { database: `${row}, ${way}`, tries }));
        }
        if (process.stderr.isTTY) console.error(row, ...counts);
        table.push([row, ...counts]);
      }
      console.log(`${table}\n`);
    }
  } finally {
    await browser.close();
  }
}

async function count(browser, way, task, { database, tries }) {
  const keys = Array.from({ length: Number(tries) }, (_, i) => `document ${i}`);
  await browser.call('fill', database, keys);
  for (const key of keys) {
    const page = await browser.open();
    await page.evaluate((task) => globalThis.ready(task), { ...task, database, key });
    await ways[way](page);
    if (!page.isClosed()) await page.close();
  }
  // What a process that ends has sent may arrive after it.
  await sleep(1000);
  return browser.call('countChanged', database, keys, task.size);
}
