import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const worker = fileURLToPath(new URL('worker.mjs', import.meta.url));
/** In each process. */
export const CALLERS = 25;

/**
 * @typedef {import('../harness.js').Harness} Harness
 * @typedef {{
 *   acknowledged: number, unknown: number, lost: number, twice: number, conflicts: number, seconds: number, killed: string,
 * }} Result
 * lost: acknowledged increments that are not there; twice: more than were made, also if all took place of which nobody knows
 */

/**
 * Has processes make increments of the same records at once, and half way kills the server, or, where there is none, one of them.
 *
 * @param {Harness} harness
 * @param {{ processes: number, increments: number, keys?: number, report?: (acknowledged: number) => void }} options
 * @returns {Promise<Result>}
 */
export async function race(harness, { processes, increments, keys = 10, report = () => {} }) {
  const place = await (harness.shared ?? harness).start();
  const node = (await harness.node?.()) ?? process.execPath;
  const tally = new Tally();
  /** @type {Worker[]} */
  const workers = [];
  const begin = (/** @type {number} */ share) => {
    const args = [worker, harness.module, JSON.stringify(place.location), `${share}`, `${keys}`];
    workers.push(new Worker(node, args, tally));
  };
  const started = performance.now();
  try {
    for (let i = 0; i < processes; i++) begin(Math.ceil(increments / processes));
    await tally.reached(increments / 2, workers, report);
    if (place.restart) await place.restart();
    else {
      const victim = /** @type {Worker} */ (workers[0]);
      await victim.kill();
      begin(Math.ceil(increments / processes) - victim.acknowledged);
    }
    await tally.reached(increments, workers, report);
    await Promise.all(workers.map(({ end }) => end));
    const seconds = (performance.now() - started) / 1000;
    // One more, which makes none, to read what is there.
    begin(0);
    await workers.at(-1)?.end;
    return {
      ...tally.totals(),
      ...tally.differences(),
      seconds,
      killed: place.restart ? 'the server' : 'a process',
    };
  } finally {
    await Promise.all(workers.map((worker) => worker.kill()));
    await place.stop();
  }
}

/** What was acknowledged, by key. */
class Tally {
  /** @type {Map<string, { acknowledged: number, unknown: number, found: number }>} */
  #keys = new Map();
  conflicts = 0;
  /** What was under way in a process that was killed: on any of the keys. */
  killed = 0;

  /** @param {string} key */
  of(key) {
    const counts = this.#keys.get(key) ?? { acknowledged: 0, unknown: 0, found: 0 };
    this.#keys.set(key, counts);
    return counts;
  }

  totals() {
    const all = [...this.#keys.values()];
    const sum = (/** @type {'acknowledged' | 'unknown'} */ name) =>
      all.reduce((total, counts) => total + counts[name], 0);
    return {
      acknowledged: sum('acknowledged'),
      unknown: sum('unknown') + this.killed,
      conflicts: this.conflicts,
    };
  }

  /**
   * @param {number} goal
   * @param {Worker[]} workers
   * @param {(acknowledged: number) => void} report
   */
  async reached(goal, workers, report) {
    for (;;) {
      const { acknowledged } = this.totals();
      report(acknowledged);
      if (acknowledged >= goal) return;
      // One that fails ends the race.
      await Promise.race([
        new Promise((resolve) => setTimeout(resolve, 10)),
        ...workers.map(({ failure }) => failure),
      ]);
    }
  }

  differences() {
    let lost = 0;
    let surplus = 0;
    for (const { acknowledged, unknown, found } of this.#keys.values()) {
      lost += Math.max(0, acknowledged - found);
      surplus += Math.max(0, found - acknowledged - unknown);
    }
    return { lost, twice: Math.max(0, surplus - this.killed) };
  }
}

class Worker {
  acknowledged = 0;
  #child;
  #tally;
  #isKilled = false;
  /** Resolves when the process has ended and all that it wrote was read; rejects if it failed. */
  end;
  /** Rejects if the process failed, and never resolves. */
  failure;

  /**
   * @param {string} node
   * @param {string[]} args
   * @param {Tally} tally
   */
  constructor(node, args, tally) {
    this.#tally = tally;
    this.#child = spawn(node, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface({ input: this.#child.stdout });
    lines.on('line', (line) => this.#read(line));
    this.end = Promise.all([once(this.#child, 'exit'), once(lines, 'close')]).then(([[code, signal]]) => {
      if (code !== 0 && !this.#isKilled)
        throw new Error(`A process of the race has ended with ${code ?? signal}`);
    });
    this.failure = this.end.then(() => new Promise(() => {}));
    this.failure.catch(() => {});
  }

  async kill() {
    if (this.#child.exitCode === null && !this.#isKilled) {
      this.#isKilled = true;
      this.#tally.killed += CALLERS;
      this.#child.kill('SIGKILL');
    }
    await this.end.catch(() => {});
  }

  /** @param {string} line */
  #read(line) {
    const [sign, key, number] = /** @type {[string, string, string]} */ (line.split(' '));
    if (sign === '+') {
      this.#tally.of(key).acknowledged++;
      this.acknowledged++;
    } else if (sign === '?') this.#tally.of(key).unknown++;
    else if (sign === '=') this.#tally.of(key).found = Number(number);
    else this.#tally.conflicts += Number(number);
  }
}
