import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startFolder } from './folders.mjs';

const program = fileURLToPath(new URL('owner-process.mjs', import.meta.url));

/** The code of the error if the owner has not been asked at all. */
export const NOT_ASKED = 'ERR_NOT_ASKED';

/** Starts such a process. @param {string} module @returns {Promise<import('../harness.js').Place>} */
export async function startOwner(module) {
  const { location, stop } = await startFolder('owner');
  const socket = join(location.folder, 'socket');
  const start = async () => {
    const child = fork(program, [module, join(location.folder, 'database'), socket]);
    const failed = once(child, 'exit').then(([code]) =>
      Promise.reject(new Error(`The owner has ended with ${code}`)),
    );
    failed.catch(() => {});
    await Promise.race([once(child, 'message'), failed]);
    return child;
  };
  let child = await start();
  const kill = async () => {
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  };
  return {
    location: { socket },
    async restart() {
      await kill();
      child = await start();
    },
    async stop() {
      await kill();
      await stop();
    },
  };
}

/** @returns {Promise<import('../harness.js').Client>} */
export async function connectToOwner({ socket }) {
  let connection = new Connection(socket);
  const ask = (...question) => {
    if (connection.isLost) connection = new Connection(socket);
    return connection.ask(question);
  };
  return {
    increment: (key) => ask('increment', key),
    get: (key) => ask('get', key),
    conflicts: () => 0,
    close: async () => connection.close(),
  };
}

class Connection {
  isLost = false;
  #isOpen = false;
  #socket;
  /** In the order in which they have asked. */
  #waiting = new Map();
  #asked = 0;

  constructor(path) {
    this.#socket = connect(path);
    this.#socket.on('connect', () => (this.#isOpen = true));
    this.#socket.on('close', () => this.#lose());
    const lines = createInterface({ input: this.#socket });
    lines.on('error', () => {}); // the close says the same
    lines.on('line', (line) => {
      const { number, value, error } = JSON.parse(line);
      const { resolve, reject } = this.#waiting.get(number);
      this.#waiting.delete(number);
      if (error) reject(Object.assign(new Error(error.message), error));
      else resolve(value);
    });
  }

  ask(question) {
    const number = this.#asked++;
    this.#socket.write(`${JSON.stringify({ number, question })}\n`);
    return new Promise((resolve, reject) => this.#waiting.set(number, { resolve, reject }));
  }

  close() {
    this.#socket.destroy();
  }

  #lose() {
    this.isLost = true;
    const error = new Error('The connection to the owner was lost');
    for (const { reject } of this.#waiting.values())
      reject(this.#isOpen ? error : Object.assign(error, { code: NOT_ASKED }));
  }
}
