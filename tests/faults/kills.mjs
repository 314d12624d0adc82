import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { readDatabase } from '../../examples/flights/database.mjs';
import { flightsByAirport, statisticsAfter } from './flights.mjs';

export const WAYS = ['one key', 'one key, a window', 'many keys', 'many keys, a window'];

const worker = fileURLToPath(new URL('worker.mjs', import.meta.url));

/**
 * Kills the main job's work, again and again, on one database: `kill -9`, at a random moment. What a killed process had acknowledged is
 * known here, in another process; the next one goes on with what it finds.
 */
export class Kills {
  #location;
  #airports;
  /** How many updates of each airport have been acknowledged. */
  #acknowledged = new Map();
  kills = 0;
  acknowledgements = 0;

  constructor(location, airports) {
    this.#location = location;
    this.#airports = airports;
  }

  static async on(location) {
    return new Kills(location, await flightsByAirport());
  }

  /** Lets the work go on, and kills it some ms after its first acknowledgement. Resolves to all that is wrong with the database then. */
  async kill({ way, inFlight, after }) {
    const child = spawn(process.execPath, [worker, this.#location, way, String(inFlight)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: child.stdout });
    lines.once('line', () => setTimeout(() => child.kill('SIGKILL'), after));
    lines.on('line', (line) => this.#acknowledge(line));
    const closed = once(lines, 'close');
    const [code, signal] = await once(child, 'exit');
    // What is still in the pipe was written before.
    await closed;
    if (signal !== 'SIGKILL') throw new Error(`The work ended by itself, with exit code ${code}`);
    this.kills++;
    return this.#differences();
  }

  #acknowledge(line) {
    const [airport, count] = line.split(' ');
    this.acknowledgements++;
    this.#acknowledged.set(airport, Math.max(Number(count), this.#acknowledged.get(airport) ?? 0));
  }

  /** As rounding depends on the order of the flights, equal numbers show that each update was made once, in order. */
  async #differences() {
    const stored = await readDatabase(this.#location);
    const differences = [];
    for (const [airport, acknowledged] of this.#acknowledged) {
      const { count } = stored.get(airport) ?? { count: 0 };
      if (count < acknowledged)
        differences.push(`${airport}: ${acknowledged} updates were acknowledged, ${count} are there`);
    }
    for (const [airport, statistics] of stored) {
      const expected = statisticsAfter(statistics.count, this.#airports[airport]);
      if (!isDeepStrictEqual(statistics, expected))
        differences.push(`${airport} is not what its updates make it`);
    }
    return differences;
  }
}

/** Any kind of work, killed at any time. */
export const randomKill = () => ({
  way: WAYS[Math.floor(Math.random() * WAYS.length)],
  inFlight: Math.ceil(1_000 ** Math.random()),
  after: Math.floor(Math.random() ** 2 * 500),
});
