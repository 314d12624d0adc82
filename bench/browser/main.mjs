// Compares four ways to change records in IndexedDB, side by side in one page of a real browser.

import { SingleBar } from 'cli-progress';
import Table from 'cli-table3';
import pc from 'picocolors';
import { optionsOf } from '../../scripts/options.mjs';
import { oneOf, upTo999 } from './choices.mjs';
import { startBrowser } from './site.mjs';

const help = `npm run bench:browser -- [OPTIONS]

  --browser NAME      chromium or firefox (default: chromium)
  --durability NAME   default, relaxed or strict (default: default)
  --rounds NUMBER     of which the median counts (default: 5)
  --help`;

const base = 'a transaction each';
const least = 'one for all';
const names = ['get, then put', base, least, 'groupcommit'];
const workloads = [
  { title: '1,000 updates of one hot key', updates: 1000, keys: 1, atLeast: 60 },
  { title: '10,000 updates over 100 keys', updates: 10_000, keys: 100, atLeast: 15 },
  { title: '10,000 updates over 1,000 keys', updates: 10_000, keys: 1000, atLeast: 50, atMost: 1.3 },
];

const options = optionsOf(
  {
    browser: { type: 'string', default: 'chromium' },
    durability: { type: 'string', default: 'default' },
    rounds: { type: 'string', default: '5' },
  },
  help,
  ({ browser, durability, rounds }) => {
    oneOf('browser', browser, ['chromium', 'firefox']);
    oneOf('durability', durability, ['default', 'relaxed', 'strict']);
    upTo999('rounds', rounds);
  },
);
process.exitCode = (await main({ ...options, rounds: Number(options.rounds) })) ? 0 : 1;

async function main({ browser: browserName, durability, rounds }) {
  const script = new URL('page.mjs', import.meta.url);
  const { browser, address, close } = await startBrowser(browserName, script, {
    '/': '<!doctype html><title>bench</title><script type="module" src="/page.js"></script>',
  });
  try {
    console.log(
      `${await browser.version()}, minDuration 0, durability '${durability}', median of ${rounds} rounds\n`,
    );
    const page = await browser.newPage();
    await page.goto(address);
    await page.waitForFunction(() => 'measure' in globalThis);

    const progress = new SingleBar({
      format: '{bar} {percentage} %  {task}',
      hideCursor: true,
      clearOnComplete: true,
    });
    if (process.stderr.isTTY) progress.start(workloads.length * rounds * names.length, 0, { task: '' });
    const passed = [];
    for (const workload of workloads) {
      const results = new Map(names.map((name) => [name, []]));
      for (let round = 0; round < rounds; round++) {
        for (const name of names) {
          progress.increment(0, { task: `${workload.title}: ${name}` });
          const task = { name, updates: workload.updates, keys: workload.keys };
          results
            .get(name)
            .push(await page.evaluate((...args) => globalThis.measure(...args), task, { durability }));
          progress.increment();
        }
      }
      const { text, passed: good } = report(workload, results);
      progress.update({ task: '' });
      console.log(text);
      passed.push(good);
    }
    progress.stop();
    return passed.every(Boolean);
  } finally {
    await close();
  }
}

function report({ title, updates, atLeast, atMost = Infinity }, results) {
  const median = (name) =>
    [...results.get(name)].map((result) => result.milliseconds).sort((a, b) => a - b)[
      results.get(name).length >> 1
    ];
  const lost = (name) => Math.max(...results.get(name).map((result) => result.lost));
  const factor = (name) => median(base) / median(name);

  const table = new Table({
    head: [title, 'ms', 'updates/s', `× ${base}`, 'lost'],
    colAligns: ['left', 'right', 'right', 'right', 'right'],
    style: { head: ['bold'], border: ['dim'], compact: true },
  });
  for (const name of names) {
    const losses = lost(name) > 0 ? pc.red(whole(lost(name))) : '0';
    table.push([
      name,
      median(name).toFixed(1),
      whole((updates / median(name)) * 1000),
      factor(name).toFixed(1),
      losses,
    ]);
  }
  const ratio = median('groupcommit') / median(least);
  const isFast = factor('groupcommit') >= atLeast && ratio <= atMost;
  const passed = isFast && [base, least, 'groupcommit'].every((name) => lost(name) === 0);
  const verdict =
    `groupcommit is ${factor('groupcommit').toFixed(1)} times as fast as ${base}; at least ${atLeast} are promised` +
    `\n  it takes ${ratio.toFixed(2)} times as long as ${least}${atMost < Infinity ? `; at most ${atMost} is promised` : ''}`;
  return { text: `${table}\n${passed ? pc.green(`✓ ${verdict}`) : pc.red(`✗ ${verdict}`)}\n`, passed };
}

function whole(number) {
  return Math.round(number).toLocaleString('en');
}
