import { writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { LIMIT, LIMIT_TOGETHER, OURS } from './contestants.mjs';
import { help, OptionError, parseOptions } from './options.mjs';
import { resultOf } from './processes.mjs';
import { report } from './report.mjs';

/**
 * @typedef {import('./compare.mjs').Comparison} Comparison
 * @typedef {import('./processes.mjs').Context} Context
 * @typedef {{
 *   date: string, node: string, cpu: string, cores: number, rounds: number, control: boolean,
 *   contexts: Partial<Record<Context, Comparison>>,
 * }} Results
 */

/**
 * @param {ReturnType<typeof parseOptions>} options
 * @returns {Promise<Results>}
 */
async function compare({ contexts, ...task }) {
  /** @type {Results} */
  const results = {
    date: new Date().toISOString(),
    node: process.version,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    rounds: task.rounds,
    control: task.control,
    contexts: {},
  };
  for (const context of contexts) {
    results.contexts[context] = await resultOf('compare.mjs', [JSON.stringify(task)], context);
  }
  return results;
}

/** @param {string[]} args */
async function main(args) {
  const options = parseOptions(args);
  if (options.help) {
    console.log(help);
    return 0;
  }
  const results = await compare(options);
  console.log(report(results));
  if (options.json) await writeFile(options.json, `${JSON.stringify(results, undefined, 2)}\n`);
  return Object.values(results.contexts).some(hasLost) ? 1 : 0;
}

/** @param {Comparison} comparison */
function hasLost({ workloads, guarantees, memory }) {
  const losses = [
    ...Object.values(workloads).flatMap(({ contestants }) =>
      [OURS, LIMIT, LIMIT_TOGETHER].map((name) => contestants[name]?.lost ?? 0),
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
