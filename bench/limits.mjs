import { BARE, LIMIT, OURS } from './contestants.mjs';
import { pairedRatio, spread } from './measure.mjs';

/**
 * @typedef {import('./main.mjs').Results} Results
 * @typedef {{ what: string, measured: number, limit: number, isKept: boolean }} Limit
 */

const MEGABYTE = 2 ** 20;

const TIMES_BY_HAND = {
  'hot-key': 1,
  'thousand-keys': 1,
  'open-batch': 1,
  'key-per-run': 1.15,
  'key-per-run-0': 1.15,
};

/**
 * What groupcommit sets out to keep, as far as it was measured.
 *
 * @param {Results} results
 * @returns {Limit[]}
 */
export function limitsOf(results) {
  const { workloads, memory } = results;
  /** @type {Limit[]} */
  const limits = [];
  const atMost = (
    /** @type {string} */ what,
    /** @type {number | undefined} */ measured,
    /** @type {number} */ limit,
  ) => {
    if (measured !== undefined) limits.push({ what, measured, limit, isKept: measured <= limit });
  };

  for (const [name, limit] of Object.entries(TIMES_BY_HAND)) {
    const workload = workloads[name];
    atMost(`${workload?.title}: times by hand`, ratioOf(workload), limit);
  }

  const batches = workloads['metrics-1']?.contestants[OURS];
  if (batches) {
    const perSecond = 1e9 / spread(batches.samples).median;
    limits.push({
      what: 'batches a second with a metrics subscriber',
      measured: perSecond,
      limit: 150_000,
      isKept: perSecond >= 150_000,
    });
  }

  const growth = (/** @type {string} */ contestant) =>
    medianOf(workloads['pending-1000000'], contestant) / medianOf(workloads['pending-10000'], contestant);
  if (workloads['pending-1000000'] && workloads['pending-10000']) {
    atMost(
      'a run with 1,000,000 pending, times one with 10,000, over the same of bare promises',
      growth(OURS) / growth(BARE),
      1.3,
    );
  }

  const { perOpenBatch, afterManyKeys: after } = memory[OURS] ?? {};
  if (perOpenBatch) atMost('bytes per open batch', perOpenBatch.heap + perOpenBatch.wasm, 1_024);
  if (after)
    atMost(
      'MB of heap more than at the start, after many keys',
      (after.end.heap - after.start.heap) / MEGABYTE,
      1,
    );
  return limits;
}

/** @param {import('./main.mjs').WorkloadResult | undefined} workload */
function ratioOf(workload) {
  const ours = workload?.contestants[OURS];
  const limit = workload?.contestants[LIMIT];
  return ours && limit && pairedRatio(ours.samples, limit.samples).median;
}

/**
 * @param {import('./main.mjs').WorkloadResult | undefined} workload
 * @param {string} contestant
 */
function medianOf(workload, contestant) {
  return spread(workload?.contestants[contestant]?.samples ?? []).median;
}
