// All traffic and faults at once, for minutes: see docs/testing.md.

import '../../../bench/wasm-memory.mjs';
import { appendFile, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { optionsOf } from '../../../scripts/options.mjs';
import { aboveZero } from '../number.mjs';
import { chart } from './chart.mjs';
import { growing, sample } from './samples.mjs';

const PROCESSORS = 4;
const SAMPLES = 120;

const usage = `npm run soak -- [options]
  --minutes N   20 if nothing else is said
  --svg FILE    for a chart`;

const { minutes, svg } = optionsOf(
  { minutes: { type: 'string', default: '20' }, svg: { type: 'string' } },
  usage,
  ({ minutes }) => aboveZero('minutes', minutes),
);
const duration = Number(minutes) * 60_000;
if (svg) await requireWritable(svg);
const start = performance.now();

const { Traffic } = await import('./traffic.mjs');
const traffic = new Traffic();
const gone = traffic.go(PROCESSORS);
const samples = [];
while (samples.length < SAMPLES) {
  await sleep(duration / SAMPLES);
  const minutes = (performance.now() - start) / 60_000;
  samples.push({ minutes, ...(await sample(traffic)) });
  if (samples.length % 6 === 0) console.log(progress());
}
traffic.stop();
await gone;

const summary = `${traffic.processors} processors, ${traffic.settled} runs`;
if (svg) await writeFile(svg, `${await chart(samples, summary)}\n`);
const wrong = [...growing(samples), ...traffic.differences()];
if (traffic.unsettled > 0) wrong.push(`${traffic.unsettled} runs have not settled`);
for (const line of wrong) console.log(line);
console.log(`${summary}: ${wrong.length === 0 ? 'flat, and nothing is lost' : 'not as it should be'}`);
process.exitCode = wrong.length === 0 ? 0 : 1;

/** Before the minutes, not after them. */
async function requireWritable(file) {
  try {
    await appendFile(file, '');
  } catch ({ code }) {
    console.error(`--svg: ${JSON.stringify(file)} cannot be written (${code})`);
    process.exit(2);
  }
}

function progress() {
  const { minutes, heap, wasm, handles, unsettled } = samples.at(-1);
  const memory = `heap ${heap.toFixed(1)} MB, wasm ${wasm.toFixed(1)} MB`;
  return `${minutes.toFixed(1)} min: ${memory}, ${handles} handles, ${unsettled} unsettled, ${traffic.settled} runs settled`;
}
