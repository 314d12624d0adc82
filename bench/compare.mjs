// Measures all that was asked for, with or without asynchronous context; main.mjs starts it: compare.mjs OPTIONS

import { loadavg } from 'node:os';
import { LIMIT, LIMIT_TOGETHER, loadContestants, OURS, PEERS } from './contestants.mjs';
import { verify } from './guarantees.mjs';
import { inTurns } from './measure.mjs';
import { GUARANTEES, MEMORY } from './options.mjs';
import { contextOfProcess, resultOf } from './processes.mjs';
import { startProgress } from './progress.mjs';
import { workloads } from './workloads.mjs';

/**
 * @typedef {import('./contestants.mjs').Contestant} Contestant
 * @typedef {import('./measure.mjs').Measured} Measured
 * @typedef {{ only: string[], rounds: number, control: boolean }} Task
 * @typedef {{ title: string, per: 'run' | 'batch', contestants: Record<string, Measured> }} WorkloadResult
 * @typedef {{
 *   loadAverage: number,
 *   workloads: Record<string, WorkloadResult>,
 *   guarantees: Record<string, import('./guarantees.mjs').Guarantees>,
 *   memory: Record<string, import('./memory.mjs').Memory>,
 * }} Comparison
 */

/**
 * @param {Task} task
 * @returns {Promise<Comparison>}
 */
async function compare({ only, rounds, control }) {
  const context = contextOfProcess();
  const contestants = await loadContestants({ control });
  const chosen = workloads.filter(({ name, contestants }) => {
    // Its code carries no context, and there is no second copy of it.
    const isPossible = !contestants.includes(LIMIT_TOGETHER) || (context === 'off' && !control);
    return only.includes(name) && isPossible;
  });
  const turns = chosen.reduce((total, workload) => total + workload.contestants.length * rounds, 0);
  const verified = only.includes(GUARANTEES) ? [OURS, LIMIT, ...PEERS] : [];
  const weighed = only.includes(MEMORY) ? [OURS, LIMIT] : [];
  const progress = startProgress(turns + verified.length + weighed.length);

  /** @type {Comparison} */
  const results = { loadAverage: 0, workloads: {}, guarantees: {}, memory: {} };
  try {
    for (const { name, title, per, contestants: names } of chosen) {
      progress.task(`context ${context}: ${title}`);
      const measured = await inTurns(name, contestantsOf(contestants, names), {
        rounds,
        onTurn: () => progress.turn(),
      });
      results.workloads[name] = { title, per, contestants: Object.fromEntries(measured) };
    }
    // After all that is measured: once an AsyncLocalStorage is in use, Node's promises cost more.
    for (const contestant of contestantsOf(contestants, verified)) {
      progress.task(`context ${context}: guarantees of ${contestant.name}`);
      results.guarantees[contestant.name] = await verify(contestant);
      progress.turn();
    }
    results.loadAverage = /** @type {number} */ (loadavg()[0]);
    for (const name of weighed) {
      progress.task(`context ${context}: memory of ${name}`);
      results.memory[name] = await resultOf('memory.mjs', control ? [name, '--control'] : [name], context);
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

process.send?.(await compare(JSON.parse(/** @type {string} */ (process.argv[2]))));
process.disconnect?.();
