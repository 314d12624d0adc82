// The process that has a database open which only one can have: owner-process.mjs MODULE FOLDER SOCKET
// What others want of it they send by a line of JSON, and get a line of JSON back.

import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { openClient } from './client.mjs';

const [module, folder, path] = process.argv.slice(2);
process.on('disconnect', () => process.exit(1)); // whoever has started it has ended

const { harness } = await import(module);
const client = await openClient(harness, { folder });
await rm(path, { force: true }); // that of one that was killed
const server = createServer((socket) => {
  const lines = createInterface({ input: socket });
  lines.on('error', () => {}); // a client that was killed
  lines.on('line', async (line) => {
    const { number, question } = JSON.parse(line);
    const [method, key] = question;
    const answer = await client[method](key).then(
      (value) => ({ number, value }),
      ({ message, code, cause }) => ({ number, error: { message, code, cause: { code: cause?.code } } }),
    );
    socket.write(`${JSON.stringify(answer)}\n`);
  });
});
server.listen(path, () => process.send?.('listening'));
