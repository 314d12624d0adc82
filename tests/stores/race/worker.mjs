// One of the processes of a race: worker.mjs MODULE LOCATION INCREMENTS KEYS
// It makes so many increments, and writes a line for each that has been acknowledged, `+ KEY`, and for each of which nobody knows, `? KEY`.
// One that makes none tells what is there: `= KEY COUNT`.

import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { openClient } from './client.mjs';
import { NOT_ASKED } from './owner.mjs';
import { CALLERS } from './race.mjs';

const [module, location, increments, keys] = process.argv.slice(2);
/** So long a caller goes on while nothing succeeds. */
const PATIENCE = 60_000;

// With the process that has started this one, its end of the pipe goes.
process.stdin.on('end', () => process.exit(1)).resume();
// Whoever reads it is the first to hear of it, whatever becomes of this process.
const write = (/** @type {string} */ line) => writeSync(1, `${line}\n`);

const { harness } = await import(module);
const where = JSON.parse(location);
const client = await (harness.shared ? harness.shared.connect(where) : openClient(harness, where));

let left = Number(increments);
async function caller() {
  let lastSuccess = Date.now();
  while (left > 0) {
    left--;
    const key = `key-${Math.floor(Math.random() * Number(keys))}`;
    try {
      await client.increment(key);
      write(`+ ${key}`);
      lastSuccess = Date.now();
    } catch (error) {
      if (isUnknown(error)) write(`? ${key}`);
      left++;
      if (Date.now() - lastSuccess > PATIENCE) throw error;
      await sleep(20 + 80 * Math.random());
    }
  }
}

/** A batch that was not locked or loaded, or had a conflict to the last, has changed nothing. */
function isUnknown(error) {
  return (
    !['ERR_LOCK_FAILED', 'ERR_LOAD_FAILED', NOT_ASKED].includes(error.code) &&
    error.cause?.code !== 'ERR_CONFLICT'
  );
}

await Promise.all(Array.from({ length: CALLERS }, caller));
write(`conflicts of ${client.conflicts()}`);
for (let number = 0; Number(increments) === 0 && number < Number(keys); number++) {
  const key = `key-${number}`;
  write(`= ${key} ${/** @type {any} */ (await client.get(key))?.count ?? 0}`);
}
await client.close();
process.exit();
