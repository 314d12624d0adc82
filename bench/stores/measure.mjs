import { spread } from '../measure.mjs';

/**
 * @typedef {import('./workloads.mjs').Way} Way
 * @typedef {import('./workloads.mjs').Workload} Workload
 * @typedef {{ way: string, rates: number[], cpu: number[], p50: number, p99: number, conflicts: number, lost: number }} Result
 * rates: operations a second, cpu: microseconds of the process an operation, of each round; p50 and p99 in ms
 */

const WARM_UP = 2;

/**
 * Has the ways do a workload in turns: even rounds forwards, odd ones backwards. The first rounds only warm up: V8 compiles in
 * the background, and a busy machine takes its time.
 *
 * @param {Workload} workload
 * @param {Way[]} ways
 * @param {number} rounds
 * @returns {Promise<Result[]>}
 */
export async function inTurns(workload, ways, rounds) {
  const turns = ways.map((way) => ({ way, rates: [], cpu: [], latencies: [], updates: 0 }));
  for (let round = 0; round < (WARM_UP + rounds) * workload.turns; round++) {
    for (const turn of round % 2 === 0 ? turns : turns.toReversed())
      await takeTurn(workload, turn, round < WARM_UP * workload.turns);
  }
  return Promise.all(turns.map(resultOf));
}

/** @typedef {{ way: Way, rates: number[], cpu: number[], latencies: number[], updates: number }} Turn */

/** @param {Workload} workload @param {Turn} turn @param {boolean} isWarmUp */
async function takeTurn(workload, turn, isWarmUp) {
  /** @type {number[]} */
  const latencies = [];
  let operations = 0;
  const cpuBefore = process.cpuUsage();
  const started = performance.now();
  turn.updates += await workload.round(turn.way, async (operation, count = 1) => {
    const before = performance.now();
    const result = await operation();
    latencies.push(performance.now() - before);
    operations += count;
    return result;
  });
  if (isWarmUp) return;
  const { user, system } = process.cpuUsage(cpuBefore);
  turn.cpu.push((user + system) / operations);
  turn.rates.push((operations / (performance.now() - started)) * 1_000);
  for (const latency of latencies) turn.latencies.push(latency);
}

/** @param {Turn} turn @returns {Promise<Result>} */
async function resultOf({ way, rates, cpu, latencies, updates }) {
  const sorted = Float64Array.from(latencies).sort();
  const at = (/** @type {number} */ share) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  const lost = updates - (await way.total());
  return { way: way.name, rates, cpu, p50: at(0.5), p99: at(0.99), conflicts: way.conflicts?.() ?? 0, lost };
}

/** The median over the rounds. @param {number[]} numbers */
export const median = (numbers) => spread(numbers).median;
