// A real server in a folder of its own, on a free port of the loopback. It does not outlive this process, whatever ends that: a guard,
// which hears the end of this process by the end of its input, kills the server and removes the folder.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, cpSync, existsSync, realpathSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const guarding = 'while read -r pid; do last=$pid; done; [ -z "$last" ] || kill -9 "$last"; rm -rf -- "$0"';
const keptLines = 20;
/** How often a server that does not start is started again: what a killed one has left behind may take a while to go. */
const attempts = 100;

/** @param {string} name */
export async function startServer(name) {
  const folder = await mkdtemp(join(realpathSync(tmpdir()), `groupcommit-${name}-`));
  // Some servers refuse to run as root.
  const owner = process.getuid?.() === 0 ? idsOf('nobody') : {};
  if (owner.uid) chownSync(folder, owner.uid, owner.gid);
  const guard = spawn('/bin/sh', ['-c', guarding, folder], {
    stdio: ['pipe', 'ignore', 'inherit'],
    detached: true, // Ctrl-C in a terminal goes to this process only
  });
  guard.unref();
  return new Server(name, folder, owner, guard);
}

export class Server {
  #name;
  #owner;
  #guard;
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #process;

  constructor(name, folder, owner, guard) {
    this.#name = name;
    this.folder = folder;
    this.#owner = owner;
    this.#guard = guard;
  }

  /** Runs a command to its end, as the server's user, in its folder. */
  run(command, args, env = {}) {
    const reach = this.#reach(command, env);
    const options = { ...this.#options(reach.env), encoding: 'utf8' };
    const { status, error, stdout, stderr } = spawnSync(reach.command, args, options);
    if (status !== 0) throw new Error(`${command} failed: ${error?.message ?? stdout + stderr}`);
    return stdout;
  }

  /** A command and its environment. What the server's user cannot reach is copied, with all that was unpacked together with it. */
  #reach(command, env) {
    const test = spawnSync('/bin/sh', ['-c', 'test -x "$0"', command], this.#options({}));
    if (test.status === 0) return { command, env };
    const [root] = command.split('/usr/');
    const copy = join(this.folder, 'copy');
    const options = { recursive: true, verbatimSymlinks: true };
    if (!existsSync(copy)) cpSync(join(root, 'usr'), join(copy, 'usr'), options);
    const copied = (/** @type {string} */ text) => text.replaceAll(root, copy);
    return {
      command: copied(command),
      env: Object.fromEntries(Object.entries(env).map(([name, value]) => [name, copied(value)])),
    };
  }

  /**
   * Starts the server, also again after it was killed, and resolves when it has written a line that `isReady`.
   * @param {string} command
   * @param {string[]} args
   * @param {{ isReady: RegExp, env?: Record<string, string> }} options
   */
  async start(command, args, { isReady, env = {} }) {
    const reach = this.#reach(command, env);
    let lines = [];
    for (let attempt = 0; attempt < attempts; attempt++) {
      const child = spawn(reach.command, args, {
        ...this.#options(reach.env),
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      this.#process = child;
      this.#guard.stdin.write(`${child.pid}\n`);
      lines = [];
      const hasStarted = await new Promise((resolve) => {
        child.once('error', (error) => resolve(void lines.push(error.message)));
        child.once('close', () => resolve(false));
        for (const input of [child.stdout, child.stderr]) {
          createInterface({ input }).on('line', (line) => {
            if (lines.push(line) > keptLines) lines.shift();
            if (isReady.test(line)) resolve(true);
          });
        }
      });
      if (hasStarted) return;
      this.#process = undefined;
      await sleep(50);
    }
    throw new Error(`${this.#name} does not start:\n${lines.join('\n')}`);
  }

  /** Ends the server at once, as a crash would. */
  async kill() {
    await this.#end('SIGKILL');
  }

  /** Ends the server by the signal that it takes for an order to end, and removes its folder. */
  async stop(signal = 'SIGTERM') {
    await this.#end(signal);
    await rm(this.folder, { recursive: true, force: true });
    this.#guard.stdin.end('\n');
  }

  async #end(signal) {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, 'exit');
  }

  #options(env) {
    return { cwd: this.folder, env: { ...process.env, LC_ALL: 'C', ...env }, ...this.#owner };
  }
}

/** A port of the loopback that nobody listens at. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  await new Promise((done) => server.close(done));
  return port;
}

function idsOf(user) {
  const [uid, gid] = ['-u', '-g'].map((kind) =>
    Number(spawnSync('id', [kind, user], { encoding: 'utf8' }).stdout),
  );
  if (!uid) throw new Error(`There is no user '${user}' to run a server as, who must not be root`);
  return { uid, gid };
}
