// Measures the memory of one contestant, in a process of its own: node --expose-gc bench/memory.mjs CONTESTANT [--control]
// Without asynchronous context: node --expose-gc --import ./bench/without-context.mjs …

import { setTimeout as sleep } from 'node:timers/promises';
import { loadContestant, OURS } from './contestants.mjs';
import { wasmBytes } from './wasm-memory.mjs';

/**
 * @typedef {import('./contestants.mjs').Start} Start
 * @typedef {{ heap: number, wasm: number }} Bytes
 * @typedef {{
 *   perPendingRun: Bytes,
 *   perOpenBatch: Bytes,
 *   afterManyKeys: { runs: number, keys: number, lost: number, start: Bytes, peak: Bytes, halfway: Bytes, end: Bytes },
 * }} Memory
 */

const PENDING = 200_000;
const OPEN = 50_000;
const WAVES = 100;
const KEYS_IN_WAVE = 10_000;
const RUNS_PER_KEY = 10;

const [name = OURS, control] = process.argv.slice(2);
const { startProcessor } = await loadContestant(name, { control: control === '--control' });

/** @type {Memory} */
const memory = {
  perPendingRun: await pendingRuns(startProcessor),
  perOpenBatch: await openBatches(startProcessor),
  afterManyKeys: await manyKeys(startProcessor),
};
if (process.send) process.send(memory);
else console.log(memory);

/**
 * Runs that wait for the load of one resource. Their promises count, what the callers make of them does not.
 *
 * @param {Start} startProcessor
 */
async function pendingRuns(startProcessor) {
  const promises = new Array(PENDING).fill(undefined);
  const operation = () => {};
  let pending = { heap: 0, wasm: 0 };
  for (let attempt = 0; attempt < 2; attempt++) {
    /** @type {(resource: object) => void} */
    let loaded = () => {};
    const loading = new Promise((resolve) => (loaded = resolve));
    const processor = startProcessor({
      minDuration: 0,
      loadResource: () => loading,
      saveResource: async () => {},
    });
    const before = await inUse();
    for (let index = 0; index < PENDING; index++) promises[index] = processor.run('key', operation);
    pending = per(PENDING, before, await inUse());
    loaded({});
    await Promise.all(promises);
    await processor.stop();
    promises.fill(undefined);
  }
  return pending;
}

/**
 * Batches that have loaded and ran an operation; with this run, without the resource.
 *
 * @param {Start} startProcessor
 */
async function openBatches(startProcessor) {
  const keys = Array.from({ length: OPEN }, (_, index) => `key-${index}`);
  const promises = new Array(OPEN).fill(undefined);
  const resource = {};
  const operation = () => {};
  const processor = startProcessor({
    minDuration: 600_000,
    loadResource: async () => resource,
    saveResource: async () => {},
  });
  const before = await inUse();
  for (let index = 0; index < OPEN; index++)
    promises[index] = processor.run(/** @type {string} */ (keys[index]), operation);
  const open = per(OPEN, before, await inUse());
  await processor.stop();
  await Promise.all(promises);
  return open;
}

/**
 * Keys that come and go, and what is left of them. The code is warm at the start.
 *
 * @param {Start} startProcessor
 */
async function manyKeys(startProcessor) {
  let total = 0;
  const options = {
    minDuration: 0,
    loadResource: async () => ({ value: 0 }),
    saveResource: async (/** @type {unknown} */ _key, /** @type {{ value: number }} */ resource) => {
      total += resource.value;
    },
  };
  const increment = (/** @type {{ value: number }} */ resource) => ++resource.value;
  /** @type {import('./contestants.mjs').Processor | undefined} */
  let processor = startProcessor(options);
  await wave(processor, 0, increment);
  await processor.stop();
  processor = undefined;
  total = 0;

  const start = await inUse();
  const peak = { ...start };
  let halfway = start;
  processor = startProcessor(options);
  for (let index = 0; index < WAVES; index++) {
    await wave(processor, index, increment);
    peak.heap = Math.max(peak.heap, process.memoryUsage().heapUsed);
    if (index + 1 === WAVES / 2) halfway = await inUse();
  }
  peak.wasm = (await inUse()).wasm;
  await processor.stop();
  processor = undefined;
  const end = await inUse();
  const runs = WAVES * KEYS_IN_WAVE * RUNS_PER_KEY;
  return { runs, keys: WAVES * KEYS_IN_WAVE, lost: runs - total, start, peak, halfway, end };
}

/**
 * @param {import('./contestants.mjs').Processor} processor
 * @param {number} number
 * @param {(resource: { value: number }) => number} operation
 */
async function wave(processor, number, operation) {
  const promises = [];
  for (let key = 0; key < KEYS_IN_WAVE; key++) {
    const name = `key-${number * KEYS_IN_WAVE + key}`;
    for (let run = 0; run < RUNS_PER_KEY; run++) promises.push(processor.run(name, operation));
  }
  await Promise.all(promises);
}

/** What the heap holds after collection, and what the WebAssembly memories span: they never shrink. */
async function inUse() {
  for (let pass = 0; pass < 3; pass++) {
    globalThis.gc?.();
    await sleep(10);
  }
  return { heap: process.memoryUsage().heapUsed, wasm: wasmBytes() };
}

/**
 * @param {number} count
 * @param {Bytes} before
 * @param {Bytes} after
 */
function per(count, before, after) {
  return { heap: (after.heap - before.heap) / count, wasm: (after.wasm - before.wasm) / count };
}
