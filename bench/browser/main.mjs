// Compares four ways to change records in IndexedDB, side by side in one page of a real browser.

import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { SingleBar } from 'cli-progress';
import Table from 'cli-table3';
import { build } from 'esbuild';
import pc from 'picocolors';
import { launch } from 'puppeteer-core';
import { ensureBrowsers } from '../../scripts/setup.mjs';

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

const options = parseOptions();
if (options) process.exitCode = (await main(options)) ? 0 : 1;

async function main({ browser: browserName, durability, rounds }) {
  const site = await serve(await bundlePage());
  const browser = await start(browserName);
  try {
    console.log(
      `${await browser.version()}, minDuration 0, durability '${durability}', median of ${rounds} rounds\n`,
    );
    const page = await browser.newPage();
    await page.goto(site.address);
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
    await browser.close();
    site.close();
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

async function bundlePage() {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('page.mjs', import.meta.url))],
    bundle: true,
    format: 'esm',
    write: false,
  });
  return outputFiles[0].text;
}

async function serve(script) {
  const server = createServer(({ url }, response) => {
    const isPage = url === '/';
    response.setHeader('content-type', isPage ? 'text/html' : 'text/javascript');
    response.end(
      isPage ? '<!doctype html><title>bench</title><script type="module" src="/page.js"></script>' : script,
    );
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { address: `http://localhost:${server.address().port}/`, close: () => server.close() };
}

async function start(name) {
  const { [name]: executablePath } = await ensureBrowsers();
  if (name === 'firefox') return launch({ browser: 'firefox', executablePath });
  return launch({
    browser: 'chrome',
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic'],
  });
}

function parseOptions() {
  try {
    const { values } = parseArgs({
      options: {
        browser: { type: 'string', default: 'chromium' },
        durability: { type: 'string', default: 'default' },
        rounds: { type: 'string', default: '5' },
        help: { type: 'boolean' },
      },
    });
    if (values.help) return void console.log(help);
    choose('browser', values.browser, ['chromium', 'firefox']);
    choose('durability', values.durability, ['default', 'relaxed', 'strict']);
    if (!/^[1-9]\d{0,2}$/.test(values.rounds))
      throw new RangeError(`--rounds must be from 1 to 999, not '${values.rounds}'`);
    return { ...values, rounds: Number(values.rounds) };
  } catch (error) {
    console.error(`${error.message}\n\n${help}`);
    process.exitCode = 2;
  }
}

function choose(name, value, values) {
  if (!values.includes(value))
    throw new RangeError(`--${name} must be one of ${values.join(', ')}, not '${value}'`);
}
