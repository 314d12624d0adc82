// Child processes: found, run under a limit, and ended together with all that they started.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { exitCodes, interrupted, interruptible } from './interruption.mjs';
import { root } from './root.mjs';

const keptLines = 15;
const graceToEnd = 5_000;
// A backtrace would push the message itself out of the last lines, and colours are for terminals.
const readable = { RUST_BACKTRACE: '0', CARGO_TERM_COLOR: 'never' };

/** A command that failed, with the last lines that it printed. */
export class CommandError extends Error {
  name = 'CommandError';

  constructor(command, reason, lines = []) {
    super([`${command}: ${reason}`, ...lines].join('\n'));
    this.reason = reason;
  }
}

/**
 * Runs a command to its end and returns what it wrote to its standard output.
 * @param {string} command
 * @param {string[]} args
 * @param {object} [options]
 * @param {string} [options.cwd]
 * @param {Record<string, string | undefined>} [options.env] changes to the environment; undefined removes a variable
 * @param {number} [options.limit] ms after which the command is ended
 * @param {(line: string) => void} [options.report] receives each line of output
 * @param {boolean} [options.endsOnInterrupt] false: an interruption waits for the command's end
 * @returns {Promise<string>}
 */
export async function run(command, args, { cwd, env, limit, report, endsOnInterrupt = true } = {}) {
  interrupted.throwIfAborted();
  // `detached` makes the command the leader of a process group, so that its children can be ended with it.
  const child = start(command, args, {
    cwd,
    env: { ...process.env, ...readable, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const { lastLines, output } = listen(child, report);

  let overdue = false;
  const end = () => endGroup(child.pid);
  const expire = () => {
    overdue = true;
    end();
  };
  const timer = limit && setTimeout(expire, limit);
  if (endsOnInterrupt) interrupted.addEventListener('abort', end);
  const failure = await interruptible(() => failureOf(child));
  clearTimeout(timer);
  interrupted.removeEventListener('abort', end);

  interrupted.throwIfAborted();
  const reason = overdue ? `no result within ${limit / 1000} s` : failure;
  if (reason) throw new CommandError([command, ...args].join(' '), reason, lastLines);
  return output.join('');
}

/** Some of what can be wrong with a file Node throws at once, and some it tells by an event. */
function start(command, args, options) {
  try {
    return spawn(command, args, options);
  } catch ({ message }) {
    throw new CommandError(command, message);
  }
}

function listen(child, report) {
  const lastLines = [];
  const output = [];
  child.stdout.setEncoding('utf8').on('data', (text) => output.push(text));
  for (const input of [child.stdout, child.stderr]) {
    createInterface({ input }).on('line', (line) => {
      if (!line.trim()) return;
      if (lastLines.push(line) > keptLines) lastLines.shift();
      report?.(line);
    });
  }
  return { lastLines, output };
}

/** @returns {Promise<string | undefined>} */
function failureOf(child) {
  return new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) => {
      resolve(signal ? `ended by ${signal}` : code === 0 ? undefined : `exit code ${code}`);
    });
  });
}

/**
 * Runs a command in the place of this process: with its terminal, and with the signals that it gets.
 * @param {string} command
 * @param {string[]} args
 * @param {Record<string, string | undefined>} [env] changes to the environment
 * @returns {Promise<{ exitCode: number, stopped: boolean }>} stopped: by a signal
 */
export async function runInPlace(command, args, env) {
  const child = spawn(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } });
  // A terminal sends Ctrl-C to both: the command decides when it ends. Whoever stops this process by its number means the command.
  const passOn = (signal) => signal !== 'SIGINT' && child.kill(signal);
  for (const signal in exitCodes) process.on(signal, passOn);
  const [code, signal] = await once(child, 'exit').catch(({ message }) => {
    console.error(message);
    return [127];
  });
  for (const signal in exitCodes) process.off(signal, passOn);
  return { exitCode: code ?? exitCodes[signal] ?? 1, stopped: signal in exitCodes };
}

/**
 * The path of the first of these commands that is on the PATH.
 * @param {...string} names
 * @returns {string | undefined}
 */
export function which(...names) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function endGroup(leader) {
  signalGroup(leader, 'SIGTERM');
  setTimeout(signalGroup, graceToEnd, leader, 'SIGKILL').unref();
}

function signalGroup(leader, signal) {
  try {
    process.kill(-leader, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}
