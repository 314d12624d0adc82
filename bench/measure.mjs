import { performance } from 'node:perf_hooks';
import { setImmediate as macrotask } from 'node:timers/promises';

/**
 * @typedef {import('./contestants.mjs').Contestant} Contestant
 * @typedef {{ median: number, lower: number, upper: number }} Spread median and quartiles
 * @typedef {{ runs: number, samples: number[], cpuSamples: number[], lost: number }} Measured samples: ns per run or batch
 */

/** Until V8 has compiled what there is to compile: so many rounds, and so many ms of CPU time. */
const WARM_UP = { rounds: 2, cpu: 300 };

/** So many ms of CPU time a round is to take at least, where it can be repeated: the first touch of freed memory costs. */
const ROUND = 60;

/**
 * Has the contestants do a workload in turns. Even rounds go through them forwards and odd ones backwards, so that none is always
 * the one that comes after another.
 *
 * @param {string} name of the workload
 * @param {Contestant[]} contestants
 * @param {{ rounds: number, onTurn: () => void }} options
 * @returns {Promise<Map<string, Measured>>}
 */
export async function inTurns(name, contestants, { rounds, onTurn }) {
  const turns = contestants.map((contestant) => new Turn(name, contestant));
  while (turns.some((turn) => !turn.isWarm)) {
    for (const turn of turns) await turn.warmUp();
  }
  for (let round = 0; round < rounds; round++) {
    for (const turn of round % 2 === 0 ? turns : turns.toReversed()) {
      await turn.take();
      onTurn();
    }
  }
  return new Map(turns.map(({ contestant, measured }) => [contestant, measured]));
}

/** A contestant at a workload. */
class Turn {
  contestant;
  /** @type {Measured} */
  measured;
  #startProcessor;
  #workload;
  #warmUps = 0;
  #warmedUp = 0;

  /**
   * @param {string} workloadName
   * @param {Contestant} contestant
   */
  constructor(workloadName, { name, startProcessor, workloads }) {
    const workload = workloads.find(({ name }) => name === workloadName);
    if (!workload) throw new Error(`There is no workload ${workloadName}`);
    this.contestant = name;
    this.#startProcessor = startProcessor;
    this.#workload = workload;
    this.measured = { runs: workload.runs, samples: [], cpuSamples: [], lost: 0 };
  }

  get isWarm() {
    return this.#warmUps >= WARM_UP.rounds && this.#warmedUp >= WARM_UP.cpu;
  }

  async warmUp() {
    const { cpu } = await this.#round();
    this.#warmUps++;
    this.#warmedUp += cpu;
    if (this.#workload.isRepeatable && cpu < ROUND) this.measured.runs *= Math.ceil(ROUND / cpu);
  }

  async take() {
    const { busy, cpu } = await this.#round();
    const { runs, samples, cpuSamples } = this.measured;
    samples.push((busy * 1e6) / runs);
    cpuSamples.push((cpu * 1e6) / runs);
  }

  async #round() {
    let time = { busy: 0, cpu: 0 };
    const { lost } = await this.#workload.round({
      startProcessor: this.#startProcessor,
      runs: this.measured.runs,
      measure: async (work) => {
        time = await timed(work);
      },
    });
    this.measured.lost = Math.max(this.measured.lost, lost);
    return time;
  }
}

/**
 * How long the event loop was busy, in ms: the time of the work without the idle wait for a window's end. And the CPU time of the
 * process, with the threads that collect garbage.
 *
 * @param {() => Promise<unknown>} work
 */
async function timed(work) {
  await collectGarbage();
  const cpuBefore = process.cpuUsage();
  const before = performance.eventLoopUtilization();
  await work();
  const busy = performance.eventLoopUtilization(before).active;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { busy, cpu: (user + system) / 1_000 };
}

export async function collectGarbage() {
  if (!globalThis.gc) throw new Error('node --expose-gc is needed');
  await macrotask();
  globalThis.gc();
  await macrotask();
}

/**
 * @param {number[]} samples
 * @returns {Spread}
 */
export function spread(samples) {
  const sorted = samples.toSorted((a, b) => a - b);
  return { median: quantile(sorted, 0.5), lower: quantile(sorted, 0.25), upper: quantile(sorted, 0.75) };
}

/**
 * The ratio of the samples of the same round, which had the same neighbours on the machine.
 *
 * @param {number[]} samples
 * @param {number[]} limits
 * @returns {Spread}
 */
export function pairedRatio(samples, limits) {
  return spread(samples.map((sample, round) => sample / /** @type {number} */ (limits[round])));
}

/**
 * @param {number[]} sorted
 * @param {number} fraction
 * @returns {number}
 */
function quantile(sorted, fraction) {
  const place = (sorted.length - 1) * fraction;
  const below = /** @type {number} */ (sorted[Math.floor(place)]);
  const above = /** @type {number} */ (sorted[Math.ceil(place)]);
  return below + (above - below) * (place - Math.floor(place));
}
