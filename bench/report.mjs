import pc from 'picocolors';
import { BARE, LIMIT, LIMIT_TOGETHER, OURS, PEERS } from './contestants.mjs';
import { limitsOf } from './limits.mjs';
import { pairedRatio, spread } from './measure.mjs';
import { megabytes, table, times, whole } from './table.mjs';

/**
 * @typedef {import('./main.mjs').Results} Results
 * @typedef {import('./compare.mjs').Comparison} Comparison
 * @typedef {import('./measure.mjs').Measured} Measured
 */

/** The load average from which on time says little on two cores. */
const BUSY = 0.5;

/**
 * All that was measured, for the screen.
 *
 * @param {Results} results
 */
export function report(results) {
  const { off, on } = results.contexts;
  const parts = [
    introduction(results),
    ...(off ? ['Without asynchronous context', ...tablesOf(off)] : []),
    ...(on
      ? ['With asynchronous context: the hand-written code carries it by AsyncResource', ...tablesOf(on)]
      : []),
    limits(results),
  ];
  return parts.filter((part) => part !== undefined).join('\n\n');
}

/** @param {Comparison} comparison */
function tablesOf(comparison) {
  return [byHand, bare, peers, guarantees, memory, afterManyKeys].map((table) => table(comparison));
}

/** @param {Results} results */
function introduction({ node, cpu, cores, rounds, control, contexts }) {
  const loadAverage = Math.max(...Object.values(contexts).map(({ loadAverage }) => loadAverage));
  const lines = [
    `Node ${node}, ${cores} × ${cpu}. Medians of ${rounds} rounds, quartiles in brackets; the event loop's busy time.`,
  ];
  if (control)
    lines.push(
      pc.yellow(
        'Control: a second copy of the hand-written code plays groupcommit. Ratios other than 1.00 are noise.',
      ),
    );
  if (loadAverage > cores * (1 + BUSY)) {
    lines.push(
      pc.yellow(
        `The machine is busy with other things (load ${loadAverage.toFixed(1)}): trust the ratios of CPU time.`,
      ),
    );
  }
  return lines.join('\n');
}

/** @param {Comparison} comparison */
function byHand({ workloads }) {
  const rows = Object.values(workloads).flatMap(({ title, per, contestants }) => {
    const ours = contestants[OURS];
    const limit = contestants[LIMIT] ?? contestants[LIMIT_TOGETHER];
    if (!ours || !limit || isWithPeers(contestants)) return [];
    const ratio = pairedRatio(ours.samples, limit.samples);
    return [
      [
        title,
        `${whole(spread(ours.samples).median)} ns/${per}`,
        whole(spread(limit.samples).median),
        `${times(ratio.median)}  [${ratio.lower.toFixed(2)}–${ratio.upper.toFixed(2)}]`,
        times(pairedRatio(ours.cpuSamples, limit.cpuSamples).median),
        whole(1e9 / spread(ours.samples).median),
      ],
    ];
  });
  return table(
    'Against the same algorithm by hand',
    ['', OURS, LIMIT, 'ratio', 'CPU ratio', 'per second'],
    rows,
  );
}

/** @param {Comparison} comparison */
function bare({ workloads }) {
  const rows = Object.values(workloads).flatMap(({ title, contestants }) => {
    const bare = contestants[BARE];
    if (!bare) return [];
    const { median } = spread(bare.samples);
    const above = [OURS, LIMIT].map((name) => whole(medianOf(contestants[name]) - median));
    return [[title, whole(median), ...above]];
  });
  return table(
    'What a run costs more than a bare promise, ns',
    ['', BARE, `${OURS} above it`, `${LIMIT} above it`],
    rows,
  );
}

/** @param {Comparison} comparison */
function peers({ workloads }) {
  const compared = Object.values(workloads).filter(({ contestants }) => isWithPeers(contestants));
  const rows = [OURS, LIMIT, ...PEERS].map((name) => [
    name,
    ...compared.map(({ contestants }) => {
      const median = medianOf(contestants[name]);
      const ratio = median / medianOf(contestants[OURS]);
      return `${whole(median)}  ×${ratio.toFixed(1)}`;
    }),
  ]);
  const heads = ['', ...compared.map(({ title, per }) => `${title.replace(', ', '\n')}\nns/${per}`)];
  return table('Against packages for the same end', heads, compared.length > 0 ? rows : []);
}

/** @param {Comparison} comparison */
function guarantees({ guarantees }) {
  const rows = Object.entries(guarantees).map(
    ([name, { runs, loads, saves, lost, early, unanswered, overlapping, misplaced }]) => [
      name,
      whole(loads),
      whole(saves),
      ...[lost, early, unanswered, overlapping, misplaced].map((count) => {
        if (count === undefined) return '–';
        return count === 0 ? '0' : pc.red(`${whole(count)} of ${whole(runs)}`);
      }),
    ],
  );
  return table(
    'What they give: 360 changes of 3 records in bursts, a store that takes 1 ms and hands out copies',
    [
      '',
      'loads',
      'saves',
      'changes lost',
      'told before saved',
      'without their result',
      'overlapping saves',
      "in another's context",
    ],
    rows,
  );
}

/** @param {Comparison} comparison */
function memory({ memory }) {
  const rows = Object.entries(memory).map(([name, { perPendingRun, perOpenBatch }]) => [
    name,
    whole(perPendingRun.heap),
    whole(perPendingRun.wasm),
    whole(perOpenBatch.heap),
    whole(perOpenBatch.wasm),
  ]);
  return table(
    'Memory, bytes: JavaScript heap and WebAssembly',
    ['', 'pending run', 'wasm', 'open batch', 'wasm'],
    rows,
  );
}

/** @param {Comparison} comparison */
function afterManyKeys({ memory }) {
  const rows = Object.entries(memory).flatMap(([name, { afterManyKeys }]) => {
    const { start, peak, halfway, end } = afterManyKeys;
    return ['heap', 'wasm'].map((kind) => [
      `${name}, ${kind}`,
      ...[start, peak, halfway, end].map((bytes) => megabytes(bytes[/** @type {'heap' | 'wasm'} */ (kind)])),
    ]);
  });
  const { runs = 0, keys = 0 } = memory[OURS]?.afterManyKeys ?? {};
  return table(
    `Memory, MB, after ${whole(runs)} runs over ${whole(keys)} keys; WebAssembly memory never shrinks, so it must not grow after half of them`,
    ['', 'start', 'peak', 'halfway', 'end'],
    rows,
  );
}

/** @param {Results} results */
function limits(results) {
  const rows = limitsOf(results).map(({ what, measured, limit, isKept }) => {
    const digits = limit > 100 ? whole : times;
    return [`${isKept ? pc.green('✓') : pc.red('✗')} ${what}`, digits(measured), digits(limit)];
  });
  return table('Limits that groupcommit sets itself', ['', 'measured', 'limit'], rows);
}

/** @param {Record<string, Measured>} contestants */
const isWithPeers = (contestants) => PEERS.some((peer) => contestants[peer]);

/** @param {Measured | undefined} measured */
const medianOf = (measured) => spread(measured?.samples ?? []).median;
