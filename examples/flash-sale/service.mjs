// One process of the service: node service.mjs WAY WINDOW CONNECTION POOL. Tells its port to the process that has started it.

import fastify from 'fastify';
import pg from 'pg';
import { SoldOut } from './rows.mjs';
import { waysWith } from './ways.mjs';

const [name, window, connection, max] = process.argv.slice(2);
const pool = new pg.Pool({ ...JSON.parse(connection), max: Number(max) });
const way = waysWith([Number(window)])
  .find((way) => way.name === name)
  .start(pool);

const service = fastify();
service.post('/items/:item/buyers/:buyer', async ({ params: { item, buyer } }, reply) => {
  try {
    await way.buy(item, buyer);
    return { bought: item, buyer };
  } catch (error) {
    if (!(error instanceof SoldOut)) throw error;
    reply.code(410);
    return { soldOut: item };
  }
});
service.post('/accounts/:account/deposits/:amount', async ({ params: { account, amount } }) => {
  await way.deposit(account, Number(amount));
  return { account, deposited: Number(amount) };
});
await service.listen({ port: 0, host: '127.0.0.1' });

process.on('message', async () => {
  await service.close();
  await pool.end();
  process.send({ conflicts: way.conflicts ?? 0 }, () => process.disconnect());
});
process.on('disconnect', () => process.exit());
process.send({ port: service.server.address().port });
