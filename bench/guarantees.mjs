import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { contextOfProcess } from './processes.mjs';

/**
 * @typedef {import('./contestants.mjs').Contestant} Contestant
 * @typedef {{
 *   runs: number, loads: number, saves: number,
 *   lost: number, early: number, unanswered: number, overlapping: number, misplaced: number | undefined,
 * }} Guarantees
 * runs: how many there were;
 * loads, saves: how many they took;
 * lost: changes that are not in the store in the end;
 * early: callers who were told before their change was in the store;
 * unanswered: callers who did not get what their operation returned;
 * overlapping: saves of a key that began while another one of it was under way;
 * misplaced: operations that ran in the asynchronous context of another caller, where the context is to be carried.
 */

const KEYS = ['a', 'b', 'c'];
const BURSTS = 60;
const RUNS_PER_BURST = 6;

/**
 * Callers in bursts, in front of a store that behaves like a database: it takes a while, and hands out copies.
 *
 * @param {Contestant} contestant
 * @returns {Promise<Guarantees>}
 */
export async function verify({ startProcessor }) {
  const runs = BURSTS * RUNS_PER_BURST;
  /** @type {Guarantees} */
  const seen = {
    runs,
    loads: 0,
    saves: 0,
    lost: 0,
    early: 0,
    unanswered: 0,
    overlapping: 0,
    misplaced: undefined,
  };
  /** The changes that each record has seen. @type {Map<string | number, Set<number>>} */
  const records = new Map(KEYS.map((key) => [key, new Set()]));
  const saving = new Set();
  let misplaced = 0;
  /** @type {AsyncLocalStorage<number>} */
  const storage = new AsyncLocalStorage();

  const processor = startProcessor({
    minDuration: 10,
    async loadResource(key) {
      seen.loads++;
      await sleep(1);
      return new Set(records.get(key));
    },
    async saveResource(key, record) {
      const copy = new Set(record);
      seen.saves++;
      if (saving.has(key)) seen.overlapping++;
      saving.add(key);
      await sleep(1);
      saving.delete(key);
      records.set(key, copy);
    },
  });

  const callers = [];
  for (let run = 0; run < runs; run++) {
    const key = /** @type {string} */ (KEYS[run % KEYS.length]);
    const caller = async () => {
      const answer = await processor.run(key, (record) => {
        record.add(run);
        if (storage.getStore() !== run) misplaced++;
        return run;
      });
      if (answer !== run) seen.unanswered++;
      if (!records.get(key)?.has(run)) seen.early++;
    };
    callers.push(storage.run(run, caller));
    if ((run + 1) % RUNS_PER_BURST === 0) await sleep(1);
  }
  await Promise.all(callers);
  await processor.stop();
  await sleep(20);
  storage.disable();

  const kept = [...records.values()].reduce((total, record) => total + record.size, 0);
  seen.lost = runs - kept;
  if (contextOfProcess() === 'on') seen.misplaced = misplaced;
  return seen;
}
