// A server of a consumer's own, as long as it is used.

import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const timeToStart = 60_000;

/** Starts a server whose last argument is its port, and ends it when `use`, which gets the URL, is done. */
export async function whileServing(command, args, options, use) {
  const port = await freePort();
  const url = `http://localhost:${port}/`;
  // A group of its own, so that what it starts ends with it.
  const server = spawn(command, [...args, String(port)], {
    ...options,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let output = '';
  for (const stream of [server.stdout, server.stderr])
    stream.setEncoding('utf8').on('data', (text) => (output += text));
  let failure;
  const ended = new Promise((resolve) =>
    server.on('error', resolve).on('close', (code) => resolve(`exit code ${code}`)),
  );
  ended.then((reason) => (failure = `${command} ${args.join(' ')}: ${reason}\n${output}`));
  try {
    for (const deadline = Date.now() + timeToStart; !(await answers(url)); await sleep(100)) {
      if (failure) throw new Error(failure);
      if (Date.now() > deadline) throw new Error(`${command} ${args.join(' ')} does not answer\n${output}`);
    }
    return await use(url);
  } finally {
    if (!failure) process.kill(-server.pid);
    await ended;
  }
}

function answers(url) {
  return fetch(url, { method: 'HEAD' }).then(
    () => true,
    () => false,
  );
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
