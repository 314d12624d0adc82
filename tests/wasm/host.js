// The engine's host, as small as can be: a stand-in for the TypeScript face of the package.

// The module under test, by the name that the test runner gives it. Its class is there once all that it imports is.
const tested = require('wasm-bindgen-test.js');

const phases = ['lock', 'load', 'save'];

/** A processor whose keys are the engine's numbers. It notes what the engine asks for. */
exports.Host = class Host {
  events = [];
  metrics = [];
  observes = false;
  /** Those of each key that has any, in order; the first is the one under way. */
  #batches = new Map();
  #outcomes;

  /**
   * `outcomes` has for each phase what its calls come to: a boolean, or a promise for one; undefined if there is nothing to call. An array has that
   * of each call in turn, and 'conflict' is an outcome as well. `shared` has the bits of the phases whose calls are shared.
   */
  constructor(minDuration, maxDuration, concurrency, outcomes, retries = 0, maxKeys = Infinity, shared = 0) {
    this.#outcomes = outcomes;
    const callbacks = outcomes.reduce((bits, outcome, phase) => bits | ((outcome !== undefined) << phase), 0);
    const bits = callbacks | (shared << 3);
    this.engine = new tested.Engine(minDuration, maxDuration, concurrency, retries, maxKeys, bits, this);
  }

  /** The operation returns whether it changes the resource. Fulfils with the place of the run in its batch. */
  run(key, operation = () => true) {
    if (!this.#batches.has(key)) {
      this.#batches.set(key, []);
      this.engine.serve(key, performance.now());
    }
    const batches = this.#batches.get(key);
    if (!batches.at(-1)?.isOpen)
      batches.push({ runs: [], executed: 0, window: 0, isOpen: true, isChanged: false });
    const batch = batches.at(-1);
    if (batch.isExecuting) Promise.resolve().then(() => this.#execute(key, batch));
    return new Promise((resolve, reject) => batch.runs.push({ operation, resolve, reject }));
  }

  /** The key's batch under way loses its runs. */
  cancel(key) {
    for (const run of this.#at(key).runs.splice(0)) run.reject('cancelled');
  }

  /** Closes the window of the key's batch under way. The engine has to be told. */
  close(key, window) {
    Object.assign(this.#at(key), { window, isOpen: false });
  }

  get keys() {
    return this.#batches.size;
  }

  // From here on: what the engine asks for.

  begin(key) {
    let begun = 1;
    for (; this.#at(key)?.runs.length === 0; begun = 2) this.#end(key);
    return this.#batches.has(key) ? begun : 0;
  }

  isWanted(key) {
    return this.#at(key).runs.length > 0;
  }

  window(key) {
    return this.#at(key).window;
  }

  call(key, phase) {
    const outcome = this.#outcomeOf(phase);
    this.#at(key).phase = phases[phase];
    this.events.push(`${phases[phase]} ${key}`);
    if (!(outcome instanceof Promise)) return numberOf(outcome);
    outcome.then((come) => this.engine.done(key, numberOf(come)));
    return 3;
  }

  callTogether(keys, phase) {
    this.events.push(`${phases[phase]} ${Array.from(keys).join('+')}`);
    for (const key of keys) this.#at(key).phase = phases[phase];
    Promise.resolve(this.#outcomeOf(phase)).then((come) => {
      for (const key of keys) this.engine.done(key, numberOf(come));
    });
  }

  startOver(key) {
    this.events.push(`start over ${key}`);
    Object.assign(this.#at(key), { executed: 0, isChanged: false });
  }

  release(key) {
    this.events.push(`release ${key}`);
  }

  execute(key, isLast) {
    const batch = this.#at(key);
    batch.isExecuting = !isLast;
    if (isLast) batch.isOpen = false;
    this.#execute(key, batch);
    return (batch.isChanged ? 1 : 0) + (isLast ? 2 : 0);
  }

  isAborted() {
    return false;
  }

  abort(key) {
    this.events.push(`abort ${key}`);
  }

  settle(key, isFailed) {
    const { runs, phase } = this.#at(key);
    this.events.push(`settle ${key}`);
    runs.forEach(({ resolve, reject }, place) => void (isFailed ? reject(phase) : resolve(place)));
    this.#end(key);
    return this.#batches.has(key);
  }

  isObserved() {
    return this.observes;
  }

  publish(key, durations, isFailed) {
    this.metrics.push({ key, durations, isFailed });
  }

  #outcomeOf(phase) {
    const outcome = this.#outcomes[phase];
    return Array.isArray(outcome) ? outcome.shift() : outcome;
  }

  #at(key) {
    return this.#batches.get(key)?.[0];
  }

  #execute(key, batch) {
    while (batch.executed < batch.runs.length) {
      this.events.push(`execute ${key}`);
      if (batch.runs[batch.executed++].operation()) batch.isChanged = true;
    }
  }

  #end(key) {
    const batches = this.#batches.get(key);
    batches.shift().isOpen = false;
    if (batches.length === 0) this.#batches.delete(key);
  }
};

/** An outcome, as the engine reads it. */
function numberOf(outcome) {
  return outcome === 'conflict' ? 2 : outcome ? 0 : 1;
}

/** The delays of all timers that are set from now on, and those that are set and neither went off nor were cleared. */
exports.watchTimers = () => {
  const { setTimeout, clearTimeout } = globalThis;
  const timers = { delays: [], set: new Set() };
  globalThis.setTimeout = (callback, delay, ...args) => {
    const fire = () => {
      timers.set.delete(timer);
      callback(...args);
    };
    const timer = setTimeout(fire, delay);
    timers.delays.push(delay);
    timers.set.add(timer);
    return timer;
  };
  globalThis.clearTimeout = (timer) => {
    timers.set.delete(timer);
    clearTimeout(timer);
  };
  return timers;
};

/** Stops the clock that the engine reads. */
exports.stopClock = (now) => {
  performance.now = () => now;
};

exports.startClock = () => {
  delete performance.now;
};
