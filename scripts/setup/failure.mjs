// How a set-up ends that cannot go on: with a message for a person, not with a stack.

import { Interrupted, interruptible } from './interruption.mjs';

/** Something is missing that the set-up cannot bring; `command` does. */
export class SetupError extends Error {
  name = 'SetupError';

  /** @param {string} message @param {{ command: string, cause?: unknown }} details */
  constructor(message, { command, cause }) {
    super(message, { cause });
    this.command = command;
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
    return await interruptible(work);
  } catch (error) {
    if (error instanceof Interrupted) end('stopped; nothing half-installed is left behind', error.exitCode);
    if (error instanceof SetupError) end(describe(error), 1);
    throw error;
  }
}

/** @param {SetupError} error */
function describe({ message, cause, command }) {
  const details = cause instanceof Error ? `\n${cause.message.replace(/^/gm, '  | ')}` : '';
  return `${message}${details}\n\n  This brings it:\n    ${command}\n`;
}

function end(message, exitCode) {
  process.stderr.write(`set-up: ${message}\n`);
  process.exit(exitCode);
}
