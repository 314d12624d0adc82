import pc from 'picocolors';
import { decimal, inFlightName, whole } from './format.mjs';
import { histogram, oneTwoFive, powersOfTwo } from './histogram.mjs';
import { section, table, width } from './layout.mjs';
import { standardDeviation } from './statistics.mjs';

export const introduction = (flights, updates, airports, folder) =>
  `${pc.bold('A write per update, or groupcommit?')}
${whole(flights.length)} US flights, ${whole(updates.length)} updates of the statistics of ${whole(airports.size)} airports.
Each contest has a LevelDB of its own, written synchronously, in
${folder}\n`;

export function busiestAirports(airports) {
  const busiest = [...airports].sort(([, a], [, b]) => b.count - a.count).slice(0, 10);
  const rows = busiest.map(([airport, statistics]) => [
    airport,
    whole(statistics.count),
    decimal(statistics.mean),
    decimal(standardDeviation(statistics)),
    whole(statistics.worst),
    whole(statistics.distance),
  ]);
  const head = ['airport', 'flights', 'mean delay', 'std deviation', 'worst', 'miles flown'];
  return section('The ten busiest airports', 'delays in minutes', table(head, rows, ['airport']));
}

/** What the batches of one contestant were like, side by side for each number of updates in flight. */
export function batchHistograms(name, results) {
  const sets = (field) =>
    results
      .filter((result) => result.name === name)
      .map(({ inFlight, batches }) => ({
        heading: inFlightName(inFlight),
        values: batches.map((metric) => metric[field]),
      }));
  const sizes = histogram({
    sets: sets('operationCount'),
    bounds: powersOfTwo,
    bucketName: (below, bound) =>
      bound - below === 1 ? `${whole(bound)}` : `${whole(below + 1)}–${whole(bound)}`,
    width: width - 2,
  });
  const durations = histogram({
    sets: sets('totalDuration'),
    bounds: oneTwoFive,
    bucketName: (below, bound) => `${whole(below)}–${whole(bound)} ms`,
    width: width - 2,
  });
  return [
    section(`Updates per batch, ${name}`, 'share of the batches', sizes),
    section(`From load to saved, ${name}`, 'share of the batches', durations),
  ].join('\n');
}

export function throughputs(results) {
  const inFlights = [...new Set(results.map(({ inFlight }) => inFlight))];
  const rows = inFlights.flatMap((inFlight) => {
    const [baseline, ...others] = results.filter((result) => result.inFlight === inFlight);
    return [
      [pc.bold(inFlightName(inFlight)), ...Array(6).fill('')],
      throughputRow(baseline, decimal(1)),
      ...others.map((result) => {
        const ratio = result.throughput / baseline.throughput;
        return throughputRow(result, (ratio < 1 ? pc.red : pc.green)(decimal(ratio)));
      }),
    ];
  });
  const head = ['', 'updates/s', 'ratio', 'loads', 'saves', 'per save', 'mean wait'];
  return section(
    'Throughput',
    'ratio: to a write per update with as many in flight',
    table(head, rows, ['']),
    pc.dim(`many keys: groupcommit too, with a getMany and a batch of LevelDB for the airports
of a turn; loads and saves are the calls of these.
per save: the updates that share one. The ratio cannot grow far beyond it.
wait: from the call to the settled promise. A window makes every caller wait
for its end: it pays where enough are in flight to fill it, and costs elsewhere.
Short contests were repeated, the median counts. LevelDB itself groups the
writes that wait at one moment, at most one for each libuv thread (${process.env.UV_THREADPOOL_SIZE ?? 4}), into
one sync of its log. All ways profit: a save costs less than a sync.`),
  );
}

const throughputRow = (result, ratio) => [
  `  ${result.name}`,
  whole(result.throughput),
  ratio,
  whole(result.loads),
  whole(result.saves),
  decimal(result.accepted / result.saves),
  `${decimal(result.meanWait)} ms`,
];

/** Whether every database held what it must, and the first differences if not. */
export function proof(results) {
  const databases = results.flatMap(({ rounds }) => rounds).length;
  const differing = results.flatMap(({ name, inFlight, rounds }) =>
    rounds
      .filter(({ differences }) => differences.length > 0)
      .map(({ differences }) => ({ name, inFlight, differences })),
  );
  const verdict =
    differing.length === 0
      ? `${pc.green('✓')} ${pc.bold('Nothing was lost.')} ${databases} of ${databases} databases equal the statistics computed
  in memory, to the last bit: the updates of an airport ran in the order of
  the calls.`
      : `${pc.red('✗')} ${pc.bold(`${differing.length} of ${databases} databases differ`)} from the statistics computed in memory.`;
  return section(
    'Proof',
    'each database was closed, opened again and compared',
    verdict,
    ...differing.map(differencesOf),
  );
}

function differencesOf({ name, inFlight, differences }) {
  const shown = differences.slice(0, 5).map((line) => `  ${line}`);
  const more = differences.length - shown.length;
  return [
    `${inFlightName(inFlight)}, ${name}`,
    ...shown,
    ...(more > 0 ? [`  and ${whole(more)} more differences`] : []),
  ].join('\n');
}

/** What became of the contest that a signal ended. */
export function stopped(signal, result, total) {
  const title = `Stopped by ${signal === 'SIGINT' ? 'Ctrl-C' : signal}`;
  if (result === undefined) return section(title, 'before the first contest');
  const { accepted, differences } = result.rounds.at(-1);
  return section(
    title,
    `${inFlightName(result.inFlight)}, ${result.name}`,
    `${whole(accepted)} of ${whole(total)} updates had been accepted, no more were called after that.`,
    differences.length === 0
      ? `${pc.green('✓')} ${pc.bold('All that was accepted is saved')}, and nothing else.`
      : `${pc.red('✗')} ${pc.bold('The database does not hold just what was accepted.')}`,
  );
}
