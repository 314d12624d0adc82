// One line for each step, which shows that it is alive: redrawn on a terminal, repeated now and then in a log.

const output = process.stderr;
const redrawEvery = 250;
const repeatEvery = 15_000;

/**
 * Does `work` below a line that says what is done and why. The latest line that `work` reports is shown beside it.
 * @template T
 * @param {string} what
 * @param {string} why
 * @param {(report: (line: string) => void) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(what, why, work) {
  const started = performance.now();
  const seconds = () => `${Math.round((performance.now() - started) / 1000)} s`;
  let latest = '';
  const show = () => (output.isTTY ? redraw : print)(`… ${what}: ${why} (${seconds()}) ${latest}`);
  show();
  const timer = setInterval(show, output.isTTY ? redrawEvery : repeatEvery);
  try {
    const result = await work((line) => {
      latest = line.trim() || latest;
    });
    print(`✓ ${what} (${seconds()})`);
    return result;
  } catch (error) {
    print(`✗ ${what} (${seconds()}): ${error.reason ?? error.message.split('\n', 1)[0]}`);
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
