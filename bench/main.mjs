import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { LIMIT, loadContestants, OURS, PEERS } from './contestants.mjs';
import { verify } from './guarantees.mjs';
import { inTurns } from './measure.mjs';
import { GUARANTEES, help, MEMORY, OptionError, parseOptions } from './options.mjs';
import { startProgress } from './progress.mjs';
import { report } from './table.mjs';
import { workloads } from './workloads.mjs';

/**
 * @typedef {import('./contestants.mjs').Contestant} Contestant
 * @typedef {import('./measure.mjs').Measured} Measured
 * @typedef {{ title: string, per: 'run' | 'batch', contestants: Record<string, Measured> }} WorkloadResult
 * @typedef {{
 *   date: string, node: string, cpu: string, cores: number, loadAverage: number, rounds: number, control: boolean,
 *   workloads: Record<string, WorkloadResult>,
 *   guarantees: Record<string, import('./guarantees.mjs').Guarantees>,
 *   memory: Record<string, import('./memory.mjs').Memory>,
 * }} Results
 */

/**
 * @param {ReturnType<typeof parseOptions>} options
 * @returns {Promise<Results>}
 */
async function compare({ rounds, only, control }) {
  const contestants = await loadContestants({ control });
  const chosen = workloads.filter(({ name }) => only.has(name));
  const turns = chosen.reduce((total, workload) => total + workload.contestants.length * rounds, 0);
  const verified = only.has(GUARANTEES) ? [OURS, LIMIT, ...PEERS] : [];
  const weighed = only.has(MEMORY) ? [OURS, LIMIT] : [];
  const progress = startProgress(turns + verified.length + weighed.length);

  /** @type {Results} */
  const results = {
    date: new Date().toISOString(),
    node: process.version,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    loadAverage: 0,
    rounds,
    control,
    workloads: {},
    guarantees: {},
    memory: {},
  };
  try {
    for (const { name, title, per, contestants: names } of chosen) {
      progress.task(title);
      const measured = await inTurns(name, contestantsOf(contestants, names), {
        rounds,
        onTurn: () => progress.turn(),
      });
      results.workloads[name] = { title, per, contestants: Object.fromEntries(measured) };
    }
    for (const contestant of contestantsOf(contestants, verified)) {
      progress.task(`guarantees of ${contestant.name}`);
      results.guarantees[contestant.name] = await verify(contestant);
      progress.turn();
    }
    results.loadAverage = /** @type {number} */ (loadavg()[0]);
    for (const name of weighed) {
      progress.task(`memory of ${name}`);
      results.memory[name] = await memoryOf(name, control);
      progress.turn();
    }
  } finally {
    progress.stop();
  }
  return results;
}

/**
 * @param {Map<string, Contestant>} contestants
 * @param {string[]} names
 */
function contestantsOf(contestants, names) {
  return names.map((name) => /** @type {Contestant} */ (contestants.get(name)));
}

/**
 * @param {string} name
 * @param {boolean} control
 * @returns {Promise<import('./memory.mjs').Memory>}
 */
async function memoryOf(name, control) {
  const script = fileURLToPath(new URL('memory.mjs', import.meta.url));
  const child = fork(script, [name, ...(control ? ['--control'] : [])], { execArgv: ['--expose-gc'] });
  const failed = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`The process that measures the memory of ${name} ended with ${signal ?? code}`);
  });
  const [memory] = await Promise.race([once(child, 'message'), failed]);
  return memory;
}

/** @param {string[]} args */
async function main(args) {
  const options = parseOptions(args);
  if (options.help) {
    console.log(help);
    return 0;
  }
  if (!globalThis.gc) {
    const self = fileURLToPath(import.meta.url);
    return spawnSync(process.execPath, ['--expose-gc', self, ...args], { stdio: 'inherit' }).status ?? 1;
  }
  const results = await compare(options);
  console.log(report(results));
  if (options.json) await writeFile(options.json, `${JSON.stringify(results, undefined, 2)}\n`);
  return hasLost(results) ? 1 : 0;
}

/** @param {Results} results */
function hasLost({ workloads, guarantees, memory }) {
  const losses = [
    ...Object.values(workloads).flatMap(({ contestants }) =>
      [OURS, LIMIT].map((name) => contestants[name]?.lost ?? 0),
    ),
    guarantees[OURS]?.lost ?? 0,
    memory[OURS]?.afterManyKeys?.lost ?? 0,
  ];
  return losses.some((lost) => lost !== 0);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof OptionError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
