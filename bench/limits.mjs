import { BARE, LIMIT, LIMIT_TOGETHER, OURS } from './contestants.mjs';
import { pairedRatio, spread } from './measure.mjs';

/**
 * @typedef {import('./main.mjs').Results} Results
 * @typedef {import('./compare.mjs').Comparison} Comparison
 * @typedef {import('./compare.mjs').WorkloadResult} WorkloadResult
 * @typedef {{ what: string, measured: number, limit: number, isKept: boolean }} Limit
 */

const MEGABYTE = 2 ** 20;

const TIMES_BY_HAND = {
  'hot-key': 1.15,
  'thousand-keys': 1.15,
  'open-batch': 1.15,
  'key-per-run': 1.3,
  'key-per-run-0': 1.3,
  together: 1.15,
};

const BATCHES_A_SECOND = 200_000;

/**
 * What groupcommit sets out to keep, as far as it was measured.
 *
 * @param {Results} results
 * @returns {Limit[]}
 */
export function limitsOf({ contexts: { off, on } }) {
  return [
    ...(off ? timesByHand(off, 'without context') : []),
    ...(on ? timesByHand(on, 'with context') : []),
    ...(off ? ofTheEngine(off) : []),
    ...(off ? leftOvers(off, 'without context') : []),
    ...(on ? leftOvers(on, 'with context') : []),
  ];
}

/**
 * @param {Comparison} comparison
 * @param {string} context
 */
function timesByHand({ workloads }, context) {
  return Object.entries(TIMES_BY_HAND).flatMap(([name, limit]) => {
    const workload = workloads[name];
    return atMost(`${workload?.title}, ${context}: times by hand`, ratioOf(workload), limit);
  });
}

/**
 * What is not measured against the same by hand, and so would tell of the platform's AsyncResource.
 *
 * @param {Comparison} comparison without context
 */
function ofTheEngine({ workloads, memory }) {
  /** @type {Limit[]} */
  const limits = [];
  if (workloads['metrics-1']) {
    const measured = 1e9 / medianOf(workloads['metrics-1'], OURS);
    const isKept = measured >= BATCHES_A_SECOND;
    limits.push({ what: 'batches a second with a subscriber', measured, limit: BATCHES_A_SECOND, isKept });
  }

  const growth = (/** @type {string} */ contestant) =>
    medianOf(workloads['pending-1000000'], contestant) / medianOf(workloads['pending-10000'], contestant);
  if (workloads['pending-1000000'] && workloads['pending-10000']) {
    const what = 'a run with 1,000,000 pending, times one with 10,000, over the same of bare promises';
    limits.push(...atMost(what, growth(OURS) / growth(BARE), 1.3));
  }

  const open = memory[OURS]?.perOpenBatch;
  return [...limits, ...atMost('bytes per open batch', open && open.heap + open.wasm, 1_024)];
}

/**
 * @param {Comparison} comparison
 * @param {string} context
 */
function leftOvers({ memory }, context) {
  const after = memory[OURS]?.afterManyKeys;
  const more = after && (after.end.heap - after.start.heap) / MEGABYTE;
  return atMost(`MB of heap more than at the start, after many keys, ${context}`, more, 1);
}

/**
 * @param {string} what
 * @param {number | undefined} measured
 * @param {number} limit
 * @returns {Limit[]} none, if it was not measured
 */
function atMost(what, measured, limit) {
  return measured === undefined ? [] : [{ what, measured, limit, isKept: measured <= limit }];
}

/** @param {WorkloadResult | undefined} workload */
function ratioOf(workload) {
  const ours = workload?.contestants[OURS];
  const limit = workload?.contestants[LIMIT] ?? workload?.contestants[LIMIT_TOGETHER];
  return ours && limit && pairedRatio(ours.samples, limit.samples).median;
}

/**
 * @param {WorkloadResult | undefined} workload
 * @param {string} contestant
 */
function medianOf(workload, contestant) {
  return spread(workload?.contestants[contestant]?.samples ?? []).median;
}
