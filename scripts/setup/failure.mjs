// How a set-up ends that cannot go on: with a message for a person, not with a stack.

import { Interrupted, interruptible } from './interruption.mjs';
import { CommandError } from './run.mjs';

/** Something is missing that the set-up cannot bring; `command` does. */
export class SetupError extends Error {
  name = 'SetupError';

  /** @param {string} message @param {{ command?: string, cause?: unknown }} [details] */
  constructor(message, { command, cause } = {}) {
    super(message, { cause });
    this.command = command;
  }
}

/** Where all that the tools keep can be written. */
export const elsewhere =
  'export GROUPCOMMIT_CACHE=$(mktemp -d); export CARGO_HOME=$GROUPCOMMIT_CACHE/cargo npm_config_cache=$GROUPCOMMIT_CACHE/npm';

/** What helps where any tool may fail, by what it said. */
const remedies = [
  [/linker `cc` not found/, 'apt-get install gcc libc6-dev'],
  [/annot create temporary file|couldn't create a temp dir/, 'export TMPDIR=/var/tmp'],
  [/could not execute process `\S+ \S*rustc/, 'export RUSTC_WRAPPER='],
  [
    /\b(EACCES|EROFS|ENOSPC|EDQUOT|ENOTDIR)\b|Permission denied|Read-only file system|No space left|Not a directory/,
    elsewhere,
  ],
];

/**
 * Does `work`. If a command or a file fails in it, that is the cause of a SetupError.
 * @template T
 * @param {string} message
 * @param {string | undefined} command what brings it, unless the cause tells more
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function explained(message, command, work) {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof CommandError || cause.syscall)) throw cause;
    const [, remedy] = remedies.find(([said]) => said.test(cause.message)) ?? [];
    throw new SetupError(message, { cause, command: remedy ?? command });
  }
}

/**
 * Does a part of the set-up for a script. A failure that was foreseen ends the process.
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function guarded(work) {
  try {
    return await interruptible(() => explained('it cannot go on', undefined, work));
  } catch (error) {
    if (error instanceof Interrupted) end('stopped; nothing half-installed is left behind', error.exitCode);
    if (error instanceof SetupError) end(describe(error), 1);
    throw error;
  }
}

/** @param {SetupError} error */
function describe({ message, cause, command }) {
  const details = cause instanceof Error ? `\n${cause.message.replace(/^/gm, '  | ')}` : '';
  const way = command ? `\n\n  This helps:\n    ${command}\n` : '';
  return `${message}${details}${way}`;
}

function end(message, exitCode) {
  process.stderr.write(`set-up: ${message}\n`);
  process.exit(exitCode);
}
