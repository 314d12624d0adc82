// One of the racers: so many writers that change records in one of the ways, each as fast as its updates are saved.

import { ways } from './ways.js';

let run = newRun();

const calls = {
  async start({ way, writers, keys, ...options }) {
    await run.end();
    run = newRun();
    await run.begin(await ways[way](options), writers, keys);
  },
  async stop() {
    await run.end();
    return run.sample();
  },
  sample: () => run.sample(),
};

onmessage = async ({ data: { id, call, argument } }) => {
  try {
    postMessage({ id, result: await calls[call](argument) });
  } catch (error) {
    postMessage({ id, error: String(error?.message ?? error) });
  }
};

function newRun() {
  let way;
  let running = false;
  let loops = [];
  let latencies = [];
  let batches = [];
  let saved = 0;
  let failed = 0;
  let failure;

  async function write(keys) {
    while (running) {
      const start = performance.now();
      try {
        await way.increment(`record ${Math.floor(Math.random() * keys)}`);
        saved += 1;
        latencies.push(performance.now() - start);
      } catch (error) {
        failed += 1;
        failure = String(error?.message ?? error);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }

  return {
    async begin(newWay, writers, keys) {
      way = newWay;
      way.onBatch?.((size) => batches.push(size));
      running = true;
      loops = Array.from({ length: writers }, () => write(keys));
    },

    async end() {
      running = false;
      await Promise.all(loops);
      await way?.end();
      way = undefined;
    },

    /** What has happened since the last sample. */
    sample() {
      const sorted = Float64Array.from(latencies).sort();
      const percentile = (p) =>
        sorted.length ? sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] : null;
      const sample = {
        saved,
        failed,
        failure,
        median: percentile(0.5),
        slowest: percentile(0.99),
        batch: batches.length ? batches.reduce((sum, size) => sum + size, 0) / batches.length : null,
        largestBatch: batches.length ? batches.reduce((a, b) => Math.max(a, b)) : null,
      };
      latencies = [];
      batches = [];
      saved = 0;
      failed = 0;
      return sample;
    },
  };
}
