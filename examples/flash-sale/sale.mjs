import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { postgresStore } from 'groupcommit/postgres';
import { percentile, sendLoad } from './load.mjs';
import { differences } from './proof.mjs';
import { planSale, route } from './requests.mjs';
import { newAccount, newItem, TABLE } from './rows.mjs';

const service = fileURLToPath(new URL('service.mjs', import.meta.url));

export const openTable = (pool) => postgresStore({ client: pool, table: TABLE }).createTable();

/** Holds one sale with new items and empty accounts, and compares the books with what the buyers have been told. */
export async function holdSale({ pool, connection, way, processes, connections, requests: count }) {
  const { requests, items, accounts } = planSale(count);
  await fill(pool, items, accounts);
  const services = await Promise.all(
    Array.from({ length: processes }, () => startService(way, connection, connections)),
  );
  try {
    const ports = services.map(({ port }) => port);
    const answers = await sendLoad(ports, route(requests, processes, way.routing), connections);
    const conflicts = (await Promise.all(services.map((service) => service.stop()))).reduce(
      (sum, count) => sum + count,
      0,
    );
    const times = Float64Array.from(answers.times).sort();
    return {
      name: way.name,
      processes,
      throughput: times.length / answers.seconds,
      p50: percentile(times, 0.5),
      p99: percentile(times, 0.99),
      conflicts: conflicts / times.length,
      bought: answers.bought.length,
      soldOut: answers.soldOut,
      failed: answers.failed,
      differences: await differences(pool, items, answers),
    };
  } finally {
    for (const { kill } of services) kill();
  }
}

async function fill(pool, items, accounts) {
  const rows = [
    ...[...items].map(([key, stock]) => [key, newItem(stock)]),
    ...accounts.map((key) => [key, newAccount()]),
  ];
  await pool.query(`TRUNCATE ${TABLE}`);
  await pool.query(
    `INSERT INTO ${TABLE} (key, value, version) SELECT key, value::jsonb, 1 FROM unnest($1::text[], $2::text[]) AS rows (key, value)`,
    [rows.map(([key]) => key), rows.map(([, value]) => JSON.stringify(value))],
  );
  await pool.query(`VACUUM ANALYZE ${TABLE}`);
}

async function startService(way, connection, connections) {
  const child = fork(service, [
    way.name,
    String(way.window ?? 0),
    JSON.stringify(connection),
    String(connections),
  ]);
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`A process of the service has ended with ${code}`);
  });
  const [{ port }] = await Promise.race([once(child, 'message'), ended]);
  ended.catch(() => {}); // once it has begun it is told to end
  return {
    port,
    async stop() {
      child.send('stop');
      const [{ conflicts }] = await once(child, 'message');
      return conflicts;
    },
    kill: () => child.kill(),
  };
}
