import { writeFile } from 'node:fs/promises';
import pg from 'pg';
import { startPostgres } from '../../tests/stores/servers/postgres.mjs';
import { parseOptions } from './options.mjs';
import { plot } from './plot.mjs';
import { figures, introduction, proof } from './report.mjs';
import { holdSale, openTable } from './sale.mjs';

const options = parseOptions();
// Four processes may have a connection for each request under way.
const server = await startPostgres({ max_connections: '500' });
const pool = new pg.Pool({ ...server.connection, max: 2 });
try {
  console.log(introduction(options));
  await openTable(pool);
  const results = [];
  for (const processes of options.processes) {
    for (const way of options.chosen) {
      const sale = { pool, connection: server.connection, way, processes, connections: options.connections };
      await holdSale({ ...sale, requests: options.requests / 4 });
      results.push(await holdSale({ ...sale, requests: options.requests }));
      console.error(
        `… ${processes} × ${way.name}: ${Math.round(results.at(-1).throughput)} requests a second`,
      );
    }
  }
  console.log(figures(results));
  console.log(proof(results));
  if (options.plot) await writeFile(options.plot, await plot(results));
  if (results.some(({ differences, failed }) => differences.length + failed > 0)) process.exitCode = 1;
} finally {
  await pool.end();
  await server.stop();
}
