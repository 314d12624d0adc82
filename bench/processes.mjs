import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** @typedef {'off' | 'on'} Context whether the asynchronous context of the callers is carried */

/** The package decides when it is imported: so each has a process for itself. @type {Context[]} */
export const CONTEXTS = ['off', 'on'];

const withoutContext = new URL('without-context.mjs', import.meta.url).href;

/**
 * Runs a script beside this one, in a process of its own.
 *
 * @param {string} script
 * @param {string[]} args
 * @param {Context} context
 * @returns {Promise<any>} what it sends
 */
export async function resultOf(script, args, context) {
  const child = fork(fileURLToPath(new URL(script, import.meta.url)), args, {
    execArgv: ['--expose-gc', ...(context === 'off' ? ['--import', withoutContext] : [])],
  });
  const failed = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`The process of ${script} ${args.join(' ')} ended with ${signal ?? code}`);
  });
  const [result] = await Promise.race([once(child, 'message'), failed]);
  return result;
}

/** Whether the context is to be carried in this process. @returns {Context} */
export function contextOfProcess() {
  return process.getBuiltinModule === undefined ? 'off' : 'on';
}
