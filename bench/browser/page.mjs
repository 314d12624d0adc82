import { deleteDB } from 'idb';
import { contestants, sumOf } from './contestants.mjs';

/**
 * Makes all updates at once, as fast as they go.
 *
 * @param {{ name: string, updates: number, keys: number }} task
 * @param {import('./contestants.mjs').Options} options
 */
async function measure({ name, updates, keys }, options) {
  const database = `bench ${name}`;
  await deleteDB(database);
  const { increment, end } = await contestants[name](database, options);
  // The connection is open, and whatever is compiled on first use is compiled.
  await Promise.all(Array.from({ length: 20 }, (_, i) => increment(`warm up ${i}`)));
  const before = await sumOf(database);

  const start = performance.now();
  await Promise.all(Array.from({ length: updates }, (_, i) => increment(`key ${i % keys}`)));
  const milliseconds = performance.now() - start;

  await end();
  const lost = updates - ((await sumOf(database)) - before);
  await deleteDB(database);
  return { milliseconds, lost };
}

Object.assign(globalThis, { measure });
