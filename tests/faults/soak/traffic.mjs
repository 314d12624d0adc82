import { setTimeout as sleep } from 'node:timers/promises';
import { startProcessor } from 'groupcommit';
import { Store } from './store.mjs';

const KEYS = Array.from({ length: 500 }, (_, index) => `key ${index}`);
const CALLERS = 60;

const below = (bound) => Math.floor(Math.random() * bound);
const oneIn = (count) => below(count) === 0;
const pick = (choices) => choices[below(choices.length)];

const increment = { method: 'run', operation: (counter) => void counter.count++, isChange: true };
const CALLS = [
  increment,
  increment,
  { method: 'update', operation: ({ count }) => ({ count: count + 1 }), isChange: true },
  { method: 'read', operation: ({ count }) => count },
  { method: 'run', operation: () => fail('thrown') },
  { method: 'run', operation: async () => fail('rejected') },
  { method: 'run', operation: () => ({ then() {} }) },
];

/** All that callers can do, on processors that come and go. */
export class Traffic {
  #store = new Store();
  #isOver = false;
  #called = new Map();
  #acknowledged = new Map();
  #blocked = performance.now();
  unsettled = 0;
  settled = 0;
  processors = 0;

  /** So many processors at a time, until it is stopped. */
  async go(processors) {
    await Promise.all(Array.from({ length: processors }, () => this.#processors()));
  }

  stop() {
    this.#isOver = true;
  }

  /** What is wrong with the counters. A run that failed may have been saved, if the answer of the store got lost. */
  differences() {
    return KEYS.filter((key) => {
      const count = this.#store.count(key);
      return count < (this.#acknowledged.get(key) ?? 0) || count > (this.#called.get(key) ?? 0);
    }).map((key) => `${key}: ${this.#store.count(key)} stored, ${this.#acknowledged.get(key)} acknowledged`);
  }

  async #processors() {
    while (!this.#isOver) {
      this.processors++;
      const counters = startProcessor({
        ...this.#store.callbacks(),
        minDuration: pick([0, 0, 1, 20]),
        maxDuration: pick([50, 200]),
        maxOperations: pick([1, 2, 50, Infinity]),
        concurrency: pick([1, 3, Infinity]),
        maxKeys: pick([1, 3, Infinity]),
        retries: pick([0, 3, 10]),
        lockResource: oneIn(4) ? async () => () => {} : undefined,
      });
      const ends = performance.now() + Math.random() * 5_000;
      const callers = Array.from({ length: CALLERS }, () => this.#caller(counters, ends));
      const listener = this.#listen(counters);
      await sleep(Math.random() * 2_500);
      // Some are stopped under way, with and without patience.
      await counters.stop(oneIn(2) ? { signal: AbortSignal.timeout(below(100)) } : undefined).catch(() => {});
      await Promise.all([...callers, listener]);
    }
  }

  async #caller(counters, ends) {
    while (!this.#isOver && performance.now() < ends) {
      const key = pick(KEYS);
      try {
        await this.#call(counters, key);
      } catch (error) {
        if (error.code === 'ERR_PROCESSOR_STOPPED') return;
      }
      if (oneIn(5)) await sleep(below(10));
    }
  }

  async #call(counters, key) {
    if (oneIn(30)) return counters.flush(oneIn(2) ? key : undefined);
    const signal = oneIn(10) ? AbortSignal.timeout(below(40)) : undefined;
    const { method, operation, isChange } = pick(CALLS);
    if (isChange) this.#called.set(key, (this.#called.get(key) ?? 0) + 1);
    this.unsettled++;
    try {
      await counters[method](key, operation, { signal });
      if (isChange) this.#acknowledged.set(key, (this.#acknowledged.get(key) ?? 0) + 1);
    } finally {
      this.unsettled--;
      this.settled++;
    }
  }

  /** Metrics, by subscriptions that come and go, and throw. From time to time the event loop is blocked for a second. */
  async #listen(counters) {
    const unsubscribe = counters.subscribeBatchMetrics(() => {});
    for await (const _ of counters.batchMetrics()) {
      if (oneIn(50)) counters.subscribeBatchMetrics(() => {})();
      if (performance.now() - this.#blocked > 30_000) {
        const end = performance.now() + 1_000;
        while (performance.now() < end);
        this.#blocked = performance.now();
      }
    }
    unsubscribe();
  }
}

function fail(message) {
  throw new Error(message);
}
