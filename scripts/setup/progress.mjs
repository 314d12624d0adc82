// One line for each step, which shows that it is alive: redrawn on a terminal, repeated now and then in a log.

import { interrupted } from './interruption.mjs';

const output = process.stderr;
// Nobody watches any more, after `| head` say: as if the terminal had been closed.
output.on('error', () => interrupted.aborted || process.kill(process.pid, 'SIGHUP'));

const redrawEvery = 250;
const repeatEvery = 10_000;

/**
 * Does `work` below a line that says what is done and why. The latest line that `work` reports is shown beside it.
 * @template T
 * @param {string} what
 * @param {string} why
 * @param {(report: (line: string) => void) => Promise<T>} work
 * @param {{ isQuick?: boolean }} [options] isQuick: there is no such line unless it takes long
 * @returns {Promise<T>}
 */
export async function step(what, why, work, { isQuick = false } = {}) {
  const started = performance.now();
  const seconds = (since = started) => `${Math.round((performance.now() - since) / 1000)} s`;
  let latest = '';
  let reported = started;
  let isShown = false;
  const show = () => {
    isShown = true;
    const isSilent = performance.now() - reported >= repeatEvery;
    const waits = isSilent ? `, silent for ${seconds(reported)}` : '';
    (output.isTTY ? redraw : print)(`… ${what}: ${why} (${seconds()}${waits}) ${latest}`);
  };
  if (!isQuick) show();
  const timer = setInterval(show, output.isTTY && !isQuick ? redrawEvery : repeatEvery);
  try {
    const result = await work((line) => {
      latest = line.trim() || latest;
      reported = performance.now();
    });
    if (isShown) print(`✓ ${what} (${seconds()})`);
    return result;
  } catch (error) {
    if (isShown) print(`✗ ${what} (${seconds()}): ${error.reason ?? error.message.split('\n', 1)[0]}`);
    throw error;
  } finally {
    clearInterval(timer);
  }
}

/** @param {string} line */
export function print(line) {
  output.write(`${output.isTTY ? clearLine : ''}${line.trimEnd()}\n`);
}

function redraw(line) {
  output.write(`${clearLine}${line.slice(0, output.columns - 1)}`);
}

const clearLine = '\r\x1b[K';
