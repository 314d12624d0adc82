import { setTimeout as sleep } from 'node:timers/promises';
import { wasmBytes } from '../../../bench/wasm-memory.mjs';

const MEGABYTE = 2 ** 20;

/** What is sampled, and by how much it may be more in the last quarter of the time than in the second one. */
export const QUANTITIES = {
  heap: { title: 'JavaScript heap after collection, MB', factor: 1.1, slack: 2 },
  wasm: { title: 'WebAssembly memory, MB', factor: 1, slack: 0 },
  handles: { title: 'handles and timers', factor: 1.5, slack: 20 },
  unsettled: { title: 'unsettled runs', factor: 1.5, slack: 50 },
};

/** @param {{ unsettled: number }} traffic */
export async function sample(traffic) {
  for (let pass = 0; pass < 2; pass++) {
    globalThis.gc();
    await sleep(5);
  }
  return {
    heap: process.memoryUsage().heapUsed / MEGABYTE,
    wasm: wasmBytes() / MEGABYTE,
    handles: process.getActiveResourcesInfo().length,
    unsettled: traffic.unsettled,
  };
}

/** The quantities that have grown. Medians, as a single sample may have met a burst; the first quarter is the warm-up. */
export function growing(samples) {
  const quarter = (number) =>
    samples.slice((samples.length * number) / 4, (samples.length * (number + 1)) / 4);
  const median = (part, name) => part.map((each) => each[name]).sort((a, b) => a - b)[part.length >> 1];
  return Object.entries(QUANTITIES).flatMap(([name, { title, factor, slack }]) => {
    const [before, after] = [median(quarter(1), name), median(quarter(3), name)];
    return after <= before * factor + slack
      ? []
      : [`${title}: ${before.toFixed(1)}, later ${after.toFixed(1)}`];
  });
}
