// What a Ctrl-C does while there is something to clean up: it does not end the process on the spot, but makes all
// that is under way fail.

/** The process was told to stop. */
export class Interrupted extends Error {
  name = 'Interrupted';

  /** @param {number} exitCode */
  constructor(exitCode) {
    super('stopped');
    this.exitCode = exitCode;
  }
}

/** As shells have them. */
export const exitCodes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };
const patience = 1_000;
const interruption = new AbortController();
let underWay = 0;

/** Aborts when the process is told to stop. Whoever waits for something long rejects then, and so cleans up. */
export const interrupted = interruption.signal;

/**
 * Does `work` with the chance to clean up after an interruption.
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function interruptible(work) {
  interrupted.throwIfAborted();
  if (underWay++ === 0) for (const signal in exitCodes) process.on(signal, interrupt);
  try {
    return await work();
  } finally {
    if (--underWay === 0) letSignalsEndTheProcess();
  }
}

function interrupt(signal) {
  interruption.abort(new Interrupted(exitCodes[signal]));
  // npm passes on a Ctrl-C that has arrived here already; one that comes later means it.
  setTimeout(letSignalsEndTheProcess, patience).unref();
}

function letSignalsEndTheProcess() {
  for (const signal in exitCodes) process.off(signal, interrupt);
}
