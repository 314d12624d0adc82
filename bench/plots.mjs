// Draws the figures of docs/performance.md from what the benchmark wrote: node bench/plots.mjs out.json docs/plots/

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, View } from 'vega';
import { compile } from 'vega-lite';
import { BARE, LIMIT, OURS } from './contestants.mjs';
import { spread } from './measure.mjs';
import { KEYS_AT_ONCE, PENDING } from './workloads.mjs';

/**
 * @typedef {import('./main.mjs').Results} Results
 * @typedef {import('./compare.mjs').Comparison} Comparison
 * @typedef {{ contestant: string, count: number, median: number, lower: number, upper: number }} Point
 */

/** Colours that remain apart for the colour-blind. @type {Record<string, string>} */
const COLOURS = { [OURS]: '#0072b2', [LIMIT]: '#d55e00', [BARE]: '#666666' };

/**
 * @param {Comparison} comparison
 * @returns {Point[]}
 */
function costPerRun(comparison) {
  return PENDING.flatMap((count) =>
    pointsOf(comparison, `pending-${count}`, count, (nanoseconds) => nanoseconds),
  );
}

/**
 * @param {Comparison} comparison
 * @returns {Point[]}
 */
function batchesPerSecond(comparison) {
  return KEYS_AT_ONCE.flatMap((count) =>
    pointsOf(comparison, `keys-${count}`, count, (nanoseconds) => 1e9 / nanoseconds),
  );
}

/**
 * @param {Comparison} comparison
 * @param {string} name
 * @param {number} count
 * @param {(nanoseconds: number) => number} convert
 * @returns {Point[]}
 */
function pointsOf({ workloads }, name, count, convert) {
  const workload = workloads[name];
  if (!workload) throw new Error(`The results have no workload ${name}: run the benchmark without --only`);
  return Object.entries(workload.contestants).map(([contestant, { samples }]) => ({
    contestant,
    count,
    ...spread(samples.map(convert)),
  }));
}

/**
 * Lines of medians over bars of quartiles, both axes logarithmic.
 *
 * @param {{ title: string, subtitle: string, x: string, y: string, points: Point[] }} plot
 * @returns {Promise<string>} SVG
 */
async function draw({ title, subtitle, x, y, points }) {
  const contestants = [...new Set(points.map(({ contestant }) => contestant))];
  const { spec } = compile({
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    width: 560,
    height: 300,
    background: 'white',
    padding: 12,
    title: { text: title, subtitle, anchor: 'start', offset: 14 },
    data: { values: points },
    encoding: {
      x: {
        field: 'count',
        type: 'quantitative',
        title: x,
        scale: { type: 'log' },
        axis: { format: ',', values: countsOf(points) },
      },
      color: {
        field: 'contestant',
        type: 'nominal',
        title: null,
        scale: {
          domain: contestants,
          range: contestants.map((contestant) => COLOURS[contestant] ?? 'black'),
        },
        legend: { orient: 'top', direction: 'horizontal', labelFontSize: 12, symbolOpacity: 1 },
      },
    },
    layer: [
      {
        mark: { type: 'rule', strokeWidth: 5, opacity: 0.3 },
        encoding: { y: { field: 'lower', type: 'quantitative' }, y2: { field: 'upper' } },
      },
      {
        mark: { type: 'line', point: { filled: true, size: 45 }, strokeWidth: 2 },
        encoding: {
          y: {
            field: 'median',
            type: 'quantitative',
            title: y,
            scale: { type: 'log', nice: true },
            axis: { format: '~s', tickCount: 5 },
          },
        },
      },
    ],
    config: {
      font: 'sans-serif',
      axis: { labelFontSize: 11, titleFontSize: 12, gridOpacity: 0.5 },
      title: { fontSize: 15, subtitleFontSize: 12 },
    },
  });
  return new View(parse(spec), { renderer: 'none' }).toSVG();
}

/** @param {Point[]} points */
const countsOf = (points) => [...new Set(points.map(({ count }) => count))];

const [file, folder] = process.argv.slice(2);
if (!file || !folder) {
  console.error('node bench/plots.mjs RESULTS.json FOLDER');
  process.exit(2);
}
/** @type {Results} */
const { contexts, ...results } = JSON.parse(await readFile(file, 'utf8'));
// The engine is what is to be seen.
const context = contexts.off ? 'off' : 'on';
const comparison = /** @type {Comparison} */ (contexts[context]);
const { node, cores, cpu, rounds } = results;
const measured = `medians and quartiles of ${rounds} rounds, context ${context}`;
const machine = `Node ${node}, ${cores} × ${cpu}; ${measured}`;
await mkdir(folder, { recursive: true });
await writeFile(
  join(folder, 'runs-pending.svg'),
  await draw({
    title: 'What a run costs while others are pending',
    subtitle: machine,
    x: 'runs pending at a time, on one key',
    y: 'nanoseconds per run',
    points: costPerRun(comparison),
  }),
);
await writeFile(
  join(folder, 'batches-per-second.svg'),
  await draw({
    title: 'Batches a second, each loaded and saved',
    subtitle: machine,
    x: 'keys at a time, one run each, window 0',
    y: 'batches a second',
    points: batchesPerSecond(comparison),
  }),
);
