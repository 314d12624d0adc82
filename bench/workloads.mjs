import { BARE, LIMIT, LIMIT_TOGETHER, OURS, PEERS } from './contestants.mjs';
import { keys } from './keys.mjs';

/**
 * @typedef {import('./contestants.mjs').Processor} Processor
 * @typedef {import('./contestants.mjs').StartEither} StartEither
 *
 * @typedef {{
 *   startProcessor: StartEither,
 *   measure: (work: () => Promise<unknown>) => Promise<void>,
 *   runs: number,
 * }} Round
 *
 * isRepeatable: whether its round can be made longer without becoming another one.
 *
 * @typedef {{
 *   name: string,
 *   title: string,
 *   per: 'run' | 'batch',
 *   runs: number,
 *   isRepeatable: boolean,
 *   contestants: string[],
 *   round: (round: Round) => Promise<{ lost: number }>,
 * }} Workload
 */

const PAIR = [OURS, LIMIT];

const WINDOW = 100;

const hotKey = ['hot'];
const thousandKeys = keys.slice(0, 1_000);

/** For the plots. */
export const PENDING = [1_000, 10_000, 100_000, 1_000_000];
export const KEYS_AT_ONCE = [1, 10, 100, 1_000, 10_000, 100_000];

/** Callers at once in front of the peers. With more, those whose queues take quadratic time would take minutes. */
const CALLERS = 2_000;

/** @type {Workload[]} */
export const workloads = [
  {
    name: 'hot-key',
    title: 'one hot key',
    per: 'run',
    runs: 200_000,
    isRepeatable: false,
    contestants: PAIR,
    round: (round) => allAtOnce(round, { keys: hotKey, minDuration: WINDOW }),
  },
  {
    name: 'thousand-keys',
    title: '1,000 keys',
    per: 'run',
    runs: 200_000,
    isRepeatable: false,
    contestants: PAIR,
    round: (round) => allAtOnce(round, { keys: thousandKeys, minDuration: WINDOW }),
  },
  {
    name: 'open-batch',
    title: 'a loaded batch that is open',
    per: 'run',
    runs: 100_000,
    isRepeatable: false,
    contestants: PAIR,
    round: oneByOne,
  },
  {
    name: 'kilobytes',
    title: '1,000 keys, resources of 4 KB',
    per: 'run',
    runs: 50_000,
    isRepeatable: false,
    contestants: PAIR,
    round: (round) => allAtOnce(round, { keys: thousandKeys, minDuration: WINDOW, store: new TextStore() }),
  },
  {
    name: 'signal-each',
    title: '1,000 keys, a signal for each run',
    per: 'run',
    runs: 20_000,
    isRepeatable: false,
    contestants: PAIR,
    round: (round) =>
      withSignals(
        round,
        Array.from({ length: round.runs }, () => new AbortController().signal),
      ),
  },
  {
    name: 'signal-shared',
    title: '1,000 keys, one signal for all runs',
    per: 'run',
    runs: 100_000,
    isRepeatable: false,
    contestants: PAIR,
    round: (round) => withSignals(round, [new AbortController().signal]),
  },
  {
    name: 'key-per-run',
    title: 'one run per key, default window',
    per: 'batch',
    runs: 100_000,
    isRepeatable: false,
    contestants: PAIR,
    round: (round) => allAtOnce(round, { keys, minDuration: WINDOW }),
  },
  ...[0, 1, 3].map((subscribers) => ({
    name: subscribers === 0 ? 'key-per-run-0' : `metrics-${subscribers}`,
    title: `one run per key, window 0${subscribers === 0 ? '' : `, ${plural(subscribers, 'metrics subscriber')}`}`,
    per: /** @type {const} */ ('batch'),
    runs: 100_000,
    isRepeatable: false,
    contestants: PAIR,
    round: (/** @type {Round} */ round) => allAtOnce(round, { keys, minDuration: 0, subscribers }),
  })),
  {
    name: 'together',
    title: '1,000 keys in one call, one run each, window 0',
    per: 'batch',
    runs: 100_000,
    isRepeatable: true,
    contestants: [OURS, LIMIT_TOGETHER],
    round: (round) => inWaves(round, { wave: 1_000, keys: thousandKeys, store: new StoreOfMany() }),
  },
  ...PENDING.map((pending) => ({
    name: `pending-${pending}`,
    title: `one hot key, ${plural(pending, 'run')} pending`,
    per: /** @type {const} */ ('run'),
    runs: Math.max(pending, 200_000),
    isRepeatable: true,
    contestants: [...PAIR, BARE],
    round: (/** @type {Round} */ round) => inWaves(round, { wave: pending, keys: hotKey }),
  })),
  ...KEYS_AT_ONCE.map((count) => ({
    name: `keys-${count}`,
    title: `${plural(count, 'key')} at once, window 0`,
    per: /** @type {const} */ ('batch'),
    runs: 100_000,
    isRepeatable: true,
    contestants: PAIR,
    round: (/** @type {Round} */ round) => inWaves(round, { wave: count, keys: keys.slice(0, count) }),
  })),
  ...[
    { name: 'hot-key', title: 'one hot key', keys: hotKey },
    { name: 'hundred-keys', title: '100 keys', keys: keys.slice(0, 100) },
    {
      name: 'kilobytes',
      title: '100 keys, 4 KB',
      keys: keys.slice(0, 100),
      makeStore: () => new TextStore(),
    },
    { name: 'key-per-run', title: 'a key each', keys: keys.slice(0, CALLERS) },
  ].map(({ name, title, keys, makeStore }) => ({
    name: `peers-${name}`,
    title: `${plural(CALLERS, 'caller')}, ${title}`,
    per: /** @type {const} */ ('run'),
    runs: 4 * CALLERS,
    isRepeatable: true,
    contestants: [...PAIR, ...PEERS],
    round: (/** @type {Round} */ round) => inWaves(round, { wave: CALLERS, keys, store: makeStore?.() }),
  })),
];

/** @type {(counter: { value: number }) => number} */
const increment = (counter) => ++counter.value;

/*
 * The first store of a class stays, as a program's stores do. V8 throws code away that expects to call a function which is no more, and
 * would compile it again in each round, for the functions of another store.
 */

/** Keeps the very resources. */
class Store {
  /** @type {Store | undefined} */
  static first;

  constructor() {
    Store.first ??= this;
  }

  /** @type {Map<string | number, { value: number }>} */
  records = new Map();

  loadResource = async (/** @type {string | number} */ key) => this.records.get(key) ?? { value: 0 };

  saveResource = async (/** @type {string | number} */ key, /** @type {{ value: number }} */ record) => {
    this.records.set(key, record);
  };

  get total() {
    let total = 0;
    for (const { value } of this.records.values()) total += value;
    return total;
  }
}

/** Takes several of them by one call. */
class StoreOfMany {
  /** @type {StoreOfMany | undefined} */
  static first;

  constructor() {
    StoreOfMany.first ??= this;
  }

  /** @type {Map<string | number, { value: number }>} */
  records = new Map();

  loadResources = async (/** @type {readonly { key: string | number }[]} */ batches) =>
    batches.map(({ key }) => this.records.get(key) ?? { value: 0 });

  saveResources = async (
    /** @type {readonly { key: string | number, resource: { value: number } }[]} */ batches,
  ) => {
    for (const { key, resource } of batches) this.records.set(key, resource);
  };

  get total() {
    let total = 0;
    for (const { value } of this.records.values()) total += value;
    return total;
  }
}

const FOUR_KILOBYTES = Array.from({ length: 50 }, (_, index) => ({
  id: index,
  name: `entry ${index}`,
  tags: ['some', 'more', 'tags'],
  at: 1.5 * index,
}));

/** Keeps the resources as JSON. */
class TextStore {
  /** @type {TextStore | undefined} */
  static first;

  constructor() {
    TextStore.first ??= this;
  }

  /** @type {Map<string | number, string>} */
  texts = new Map();

  loadResource = async (/** @type {string | number} */ key) =>
    JSON.parse(this.texts.get(key) ?? JSON.stringify({ value: 0, entries: FOUR_KILOBYTES }));

  saveResource = async (/** @type {string | number} */ key, /** @type {{ value: number }} */ record) => {
    this.texts.set(key, JSON.stringify(record));
  };

  get total() {
    let total = 0;
    for (const text of this.texts.values()) total += JSON.parse(text).value;
    return total;
  }
}

/**
 * All runs in one go.
 *
 * @param {Round} round
 * @param {{ keys: string[], minDuration: number, subscribers?: number, store?: Store | TextStore }} options
 */
async function allAtOnce(
  { startProcessor, measure, runs },
  { keys, minDuration, subscribers = 0, store = new Store() },
) {
  const { loadResource, saveResource } = store;
  const processor = startProcessor({ minDuration, loadResource, saveResource });
  let metrics = 0;
  for (let index = 0; index < subscribers; index++) processor.subscribeBatchMetrics?.(() => void metrics++);

  await measure(() => submit(processor, keys, runs));
  await processor.stop();
  if (subscribers > 0 && metrics !== subscribers * runs) throw new Error(`${metrics} metrics came`);
  return { lost: runs - store.total };
}

/**
 * As many runs as there are in a wave; the next when they have settled.
 *
 * @param {Round} round
 * @param {{ keys: string[], wave: number, store?: Store | StoreOfMany | TextStore | undefined }} options
 */
async function inWaves({ startProcessor, measure, runs }, { keys, wave, store = new Store() }) {
  const processor = startProcessor({ minDuration: 0, ...callbacksOf(store) });
  await measure(async () => {
    for (let done = 0; done < runs; done += wave) await submit(processor, keys, wave);
  });
  await processor.stop();
  return { lost: runs - store.total };
}

/** @param {Store | StoreOfMany | TextStore} store */
function callbacksOf(store) {
  if (store instanceof StoreOfMany) {
    const { loadResources, saveResources } = store;
    return { loadResources, saveResources };
  }
  const { loadResource, saveResource } = store;
  return { loadResource, saveResource };
}

/**
 * Runs that arrive alone, in microtasks of their own, while the batch is open.
 *
 * @param {Round} round
 */
async function oneByOne({ startProcessor, measure, runs }) {
  const store = new Store();
  const { loadResource, saveResource } = store;
  const processor = startProcessor({ minDuration: 60_000, loadResource, saveResource });
  const first = processor.run('hot', increment);
  await measure(async () => {
    let settled = 0;
    const countSettled = () => void settled++;
    for (let index = 0; index < runs; index++) {
      processor.run('hot', increment).then(countSettled);
      await null;
    }
    await processor.stop();
    if (settled !== runs) throw new Error(`${settled} of ${runs} runs have settled`);
  });
  await first;
  return { lost: runs + 1 - store.total };
}

/**
 * @param {Round} round
 * @param {AbortSignal[]} signals
 */
async function withSignals({ startProcessor, measure, runs }, signals) {
  const store = new Store();
  const { loadResource, saveResource } = store;
  const processor = startProcessor({ minDuration: WINDOW, loadResource, saveResource });
  await measure(
    () =>
      new Promise((resolve, reject) => {
        let left = runs;
        const settled = () => --left === 0 && resolve(undefined);
        for (let index = 0; index < runs; index++) {
          const key = /** @type {string} */ (thousandKeys[index % thousandKeys.length]);
          processor.run(key, increment, { signal: signals[index % signals.length] }).then(settled, reject);
        }
      }),
  );
  await processor.stop();
  return { lost: runs - store.total };
}

/**
 * Runs round robin on the keys; resolves when all have settled. One shared reaction, so that next to nothing but the contestant is measured.
 *
 * @param {Processor} processor
 * @param {string[]} keys
 * @param {number} runs
 * @returns {Promise<void>}
 */
function submit(processor, keys, runs) {
  return new Promise((resolve, reject) => {
    let left = runs;
    const settled = () => {
      if (--left === 0) resolve();
    };
    for (let index = 0, next = 0; index < runs; index++) {
      processor.run(/** @type {string} */ (keys[next]), increment).then(settled, reject);
      if (++next === keys.length) next = 0;
    }
  });
}

/**
 * @param {number} count
 * @param {string} noun
 */
function plural(count, noun) {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}
