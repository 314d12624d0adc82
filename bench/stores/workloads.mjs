import { zipfian } from './zipfian.mjs';

/**
 * One way to work with a store: groupcommit, or what one would write by hand.
 *
 * @typedef {{
 *   name: string,
 *   update?: (key: string) => Promise<unknown>,
 *   read?: (key: string) => Promise<unknown>,
 *   updateAll?: (updates: string[]) => Promise<unknown>,
 *   fill: (keys: string[]) => Promise<unknown>,
 *   total: () => Promise<number>,
 *   conflicts?: () => number,
 *   close: () => Promise<unknown>,
 * }} Way
 * update adds 1 to the `count` of a record. updateAll does so for many keys, of which some may be the same, by one load and one save.
 * fill writes records with a count of 0. total is the sum of all counts.
 *
 * @typedef {{
 *   name: string, records: number, turns: number, takes: (way: Way) => boolean,
 *   round: (way: Way, measure: Measure) => Promise<number>,
 * }} Workload
 * Each of its rounds is made of so many turns: what a database does in the background after a turn is then to everybody's burden.
 * round resolves to the number of updates that it has made.
 *
 * @typedef {<T>(operation: () => Promise<T>, count?: number) => Promise<T>} Measure notes how long so many operations have taken
 */

const CALLERS = 100;
/** A round ends after so many ms, where a way is slow. */
const LONGEST_ROUND = 3_000;

export const keyOf = (/** @type {number} */ number) => `user${number}`;

/** @param {number[]} sizes of the table for workload F @returns {Workload[]} */
export function workloads(sizes) {
  return [
    {
      name: '1,000 keys at once',
      records: 1_000,
      turns: 3,
      takes: (way) => way.updateAll !== undefined || way.update !== undefined,
      round: (way, measure) =>
        atOnce(
          way,
          measure,
          Array.from({ length: 1_000 }, (_, i) => keyOf(i)),
          10,
        ),
    },
    {
      name: 'one hot key, 100 callers',
      records: 1,
      turns: 3,
      takes: (way) => way.updateAll !== undefined || way.update !== undefined,
      round: (way, measure) => atOnce(way, measure, Array(CALLERS).fill(keyOf(0)), 10),
    },
    ...sizes.map((records) => ({
      name: `YCSB F, ${records.toLocaleString('en-US')} records, ${CALLERS} callers`,
      records,
      turns: 1,
      takes: (/** @type {Way} */ way) => way.update !== undefined,
      round: (/** @type {Way} */ way, /** @type {Measure} */ measure) =>
        workloadF(way, measure, records, 10_000),
    })),
  ];
}

/** All updates at once, so many times. @param {Way} way @param {Measure} measure @param {string[]} keys @param {number} times */
async function atOnce({ update, updateAll }, measure, keys, times) {
  const end = performance.now() + LONGEST_ROUND;
  let time = 0;
  for (; time < times && performance.now() < end; time++) {
    if (updateAll) await measure(() => updateAll(keys), keys.length);
    else if (update) await measure(() => Promise.all(keys.map((key) => update(key))), keys.length);
  }
  return keys.length * time;
}

/** Half reads, half read-modify-writes. @param {Way} way @param {Measure} measure @param {number} records @param {number} operations */
async function workloadF({ update, read }, measure, records, operations) {
  if (!update || !read) throw new Error('This way does nothing for one key');
  const next = zipfian(records, 0.99);
  let left = operations;
  let updates = 0;
  const end = performance.now() + LONGEST_ROUND;
  const caller = async () => {
    while (left-- > 0 && performance.now() < end) {
      const key = keyOf(next());
      const isUpdate = Math.random() < 0.5;
      if (isUpdate) updates++;
      await measure(() => (isUpdate ? update(key) : read(key)));
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  return updates;
}
