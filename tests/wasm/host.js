// The engine's host, as small as can be: a stand-in for the TypeScript face of the package.

// The module under test, by the name that the test runner gives it. Its class is there once all that it imports is.
const tested = require('wasm-bindgen-test.js');

const phases = ['lock', 'load', 'save'];

/** A processor that notes what the engine asks of it. */
exports.Processor = class Processor {
  events = [];
  metrics = [];
  engine;
  #maxOperations;
  #callbacks;
  #groups = [];
  #latest = new Map();

  /** `callbacks` has a function for each phase in which there is something to do. */
  constructor(minDuration, maxDuration, maxOperations, callbacks) {
    this.#maxOperations = maxOperations;
    this.#callbacks = callbacks;
    const bits = phases.reduce((sum, name, phase) => sum | (callbacks[name] ? 1 << phase : 0), 0);
    this.engine = new tested.Engine(minDuration, maxDuration, maxOperations, bits, this);
  }

  /** Fulfils with the number of the run in its batch. The key's latest group can be made up. */
  run(key, operation, latest = this.#latest.get(key)) {
    let number = latest;
    if (this.#groups[number]?.isClosed !== false) {
      number = this.engine.open(number ?? -1);
      if (number === undefined) return Promise.reject('stopped');
      this.#groups[number] = { key, runs: [], taken: 0, isClosed: false, keepsExecuting: false };
      this.#latest.set(key, number);
    }
    const group = this.#groups[number];
    if (group.keepsExecuting) {
      Promise.resolve().then(() => {
        if (group.keepsExecuting && this.#execute(group)) this.engine.done(number, true);
      });
    }
    return new Promise((resolve, reject) => group.runs.push({ operation, resolve, reject }));
  }

  flush(key) {
    this.engine.flush(this.#latest.get(key));
  }

  get openGroups() {
    return this.#latest.size;
  }

  // From here on: what the engine asks for.

  close(number) {
    this.#groups[number].isClosed = true;
  }

  overflows(number) {
    return this.#groups[number].runs.length > this.#maxOperations;
  }

  goesOn(number) {
    const { key, runs } = this.#groups[number];
    if (runs.length > 0) return true;
    if (this.#latest.get(key) === number) this.#latest.delete(key);
    this.#groups[number] = undefined;
    return false;
  }

  call(number, phase) {
    const { key } = this.#groups[number];
    this.events.push(`${phases[phase]} ${key}`);
    let outcome;
    try {
      outcome = this.#callbacks[phases[phase]]();
    } catch (cause) {
      outcome = Promise.reject(cause);
    }
    if (!(outcome instanceof Promise)) return false;
    outcome.then(
      () => this.engine.done(number, true),
      (cause) => {
        this.#groups[number].failure = { phase: phases[phase], cause };
        this.engine.done(number, false);
      },
    );
    return true;
  }

  release(number) {
    this.events.push(`release ${this.#groups[number].key}`);
  }

  execute(number) {
    const group = this.#groups[number];
    group.keepsExecuting = false;
    this.#execute(group);
    return 4 * group.taken + 2 * (group.runs.length > group.taken) + 1;
  }

  keepExecuting(number) {
    this.#groups[number].keepsExecuting = true;
  }

  /** True if the batch is full. */
  #execute(group) {
    const end = Math.min(group.runs.length, this.#maxOperations);
    while (group.taken < end) {
      this.events.push(`execute ${group.key}`);
      group.runs[group.taken++].operation?.();
    }
    return group.taken === this.#maxOperations;
  }

  take(number) {
    const group = this.#groups[number];
    group.taken = Math.min(group.runs.length, this.#maxOperations);
  }

  settle(number) {
    return this.#settle('settle', number, (run, place) => run.resolve(place + 1));
  }

  fail(number, operations) {
    const { failure } = this.#groups[number];
    return this.#settle('fail', number, (run) => run.reject({ operations, ...failure }));
  }

  #settle(event, number, settle) {
    const group = this.#groups[number];
    this.events.push(`${event} ${group.key}`);
    group.runs.splice(0, group.taken).forEach(settle);
    group.taken = 0;
    return this.goesOn(number);
  }

  abort(number) {
    this.events.push(`abort ${this.#groups[number].key}`);
  }

  publish(number, numbers, failed) {
    const { key, failure } = this.#groups[number];
    this.metrics.push({ key, numbers, ...(failed && failure) });
  }
};

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

/** Stops the clock that the engine reads, until the function that it returns is called. */
exports.stopClock = () => {
  const now = performance.now();
  performance.now = () => now;
  return () => {
    delete performance.now;
  };
};
