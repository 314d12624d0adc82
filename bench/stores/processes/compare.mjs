import { startPostgres } from '../../../tests/stores/servers/postgres.mjs';
import { table, whole } from '../../table.mjs';
import { median } from '../measure.mjs';
import { ways } from './ways.mjs';
import { run } from './workload.mjs';

const PROCESSES = 4;
const CALLERS = 25;
const SECONDS = 5;

/**
 * Has several processes increment one row at once, in each of the ways, and prints what came of it.
 * @param {string} title
 * @param {{ rounds: string, relaxed: boolean }} options
 */
export async function compareProcesses(title, { rounds, relaxed }) {
  const settings = { max_connections: '200', synchronous_commit: relaxed ? 'off' : 'on' };
  const { connection, stop } = await startPostgres(settings);
  try {
    /** @type {Map<string, import('./workload.mjs').Figures[]>} */
    const measured = new Map(Object.keys(ways).map((way) => [way, []]));
    for (let round = 0; round < Number(rounds); round++) {
      for (const [way, figures] of measured)
        figures.push(
          await run(way, connection, { processes: PROCESSES, callers: CALLERS, seconds: SECONDS }),
        );
    }
    const rows = [...measured].map(([way, figures]) => {
      const of = (/** @type {keyof import('./workload.mjs').Figures} */ name) =>
        median(figures.map((each) => each[name]));
      const lost = figures.reduce((sum, each) => sum + each.lost, 0);
      if (lost !== 0) process.exitCode = 1;
      const latencies = [of('p50').toFixed(2), of('p99').toFixed(2)];
      return [
        way,
        whole(of('perSecond')),
        ...latencies,
        of('conflicts').toFixed(2),
        whole(of('queries')),
        whole(lost),
      ];
    });
    const head = ['', 'increments/s', 'p50 ms', 'p99 ms', 'conflicts for each', 'queries/s', 'lost'];
    console.log(`${table(`${title}: one row, ${PROCESSES} processes of ${CALLERS} callers`, head, rows)}\n`);
  } finally {
    await stop();
  }
}
