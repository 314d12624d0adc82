import { Context } from './context.mjs';
import { captureResolve, settled, takeResolve } from './promises.mjs';
import { Cancellable } from './signals.mjs';

/**
 * @typedef {import('./processor.mjs').Key} Key
 * @typedef {import('./processor.mjs').Metric} Metric
 * @typedef {import('./processor.mjs').Operation} Operation
 * @typedef {import('./processor.mjs').Processor} Processor
 */

const LOADING = 0;
const OPEN = 1;
const SAVING = 2;

const CANCELLED = Symbol('cancelled');

/** A batch from its first run until it has been saved. */
export class Batch {
  /** Resolves to the batch, whatever has become of it. @type {Promise<Batch>} */
  ended = new Promise(captureResolve);
  #resolve = takeResolve();
  key;
  /** Its number among the batches under way. */
  slot = -1;
  /** What the next runs of the key wait for. @type {Batch | null} */
  next = null;
  /** Neighbours among the open windows. @type {Batch | null} */
  earlier = null;
  /** @type {Batch | null} */
  later = null;
  startedAt = 0;
  #processor;
  #context;
  #state = LOADING;
  #resource = undefined;
  /** In the order of the calls; the outcome takes the place of an operation that has run. @type {any[]} */
  #operations;
  #executed = 0;
  #cancelled = 0;
  #told = 0;
  #changed = false;
  #closing = false;
  #awake = false;
  /** What was thrown, by the operation's place. @type {Map<number, unknown> | null} */
  #failures = null;
  /** The runs with a signal, by the operation's place. @type {Map<number, Cancellable> | null} */
  #cancellables = null;
  /** Why the batch failed. @type {{ phase: 'load' | 'save', cause: unknown } | null} */
  #failure = null;
  /** For subscribers. @type {{ loadedAt: number, savingAt: number } | null} */
  #times = null;

  /**
   * @param {Processor} processor
   * @param {Key} key
   * @param {Operation} operation its first
   */
  constructor(processor, key, operation) {
    this.key = key;
    this.#processor = processor;
    this.#context = new Context(this, processor.options.maxDuration);
    // An empty array would get room for 17 at the first push.
    this.#operations = [operation];
  }

  get isAccepting() {
    return this.#state !== SAVING && !this.#isFull;
  }

  start() {
    const { minDuration, maxDuration, loadResource } = this.#processor.options;
    if (minDuration > 0 || maxDuration < Infinity || this.#isObserved) this.startedAt = performance.now();
    try {
      Promise.resolve(loadResource(this.key, this.#context)).then(this.#proceed, this.#fail);
    } catch (cause) {
      Promise.reject(cause).catch(this.#fail);
    }
  }

  /**
   * @param {Operation} operation
   * @returns its place
   */
  add(operation) {
    if (this.#state === OPEN) this.#wake();
    return this.#operations.push(operation) - 1;
  }

  /**
   * The promise of a run's caller, to be asked for in the order of the places.
   *
   * @param {number} place
   * @param {AbortSignal | undefined} signal
   * @returns {Promise<any>}
   */
  promise(place, signal) {
    // The reactions of one promise run in the order in which they were added: so each finds its run without a closure.
    const promise = this.ended.then(outcome);
    if (signal === undefined) return promise;
    const cancellable = new Cancellable(this, place, signal);
    this.#cancellables ??= new Map();
    this.#cancellables.set(place, cancellable);
    return cancellable.promise;
  }

  /** @param {number} place */
  cancel(place) {
    this.#operations[place] = CANCELLED;
    this.#cancelled++;
    this.#processor.pending--;
  }

  /** Closes the window, after the operations that wait. */
  closeSoon() {
    this.#closing = true;
    if (this.#state === OPEN) this.#wake();
  }

  /** Closes the window in a macrotask, when no operation waits unless for the resource. */
  close() {
    this.#closing = true;
    if (this.#state === OPEN) this.#proceed(undefined);
  }

  /**
   * @param {Operation} operation
   * @param {any} resource
   * @returns {unknown}
   */
  execute(operation, resource) {
    return operation(resource);
  }

  save() {
    this.#state = SAVING;
    if (!this.#changed) return this.#end();
    if (this.#times !== null) this.#times.savingAt = performance.now();
    try {
      const saved = this.#processor.options.saveResource(this.key, this.#resource, this.#context);
      if (isThenable(saved)) saved.then(this.#proceed, this.#fail);
      else this.#end();
    } catch (cause) {
      this.#fail(cause);
    }
  }

  /** What the batch has for its next caller. */
  tell() {
    const place = this.#told++;
    const cancellable = this.#cancellables?.get(place);
    try {
      if (this.#failure !== null) throw this.#error(this.#failure);
      if (this.#failures?.has(place)) throw this.#failures.get(place);
      const value = this.#operations[place];
      cancellable?.resolve(value);
      return value;
    } catch (error) {
      if (cancellable === undefined) throw error;
      cancellable.reject(error);
    }
  }

  get #isFull() {
    return this.#operations.length - this.#cancelled >= this.#processor.options.maxOperations;
  }

  get #isObserved() {
    return this.#processor.subscribers.size > 0;
  }

  #wake() {
    if (this.#awake) return;
    this.#awake = true;
    settled.then(this.#proceed);
  }

  #proceed = (/** @type {any} */ value) => {
    if (this.#state === SAVING) return this.#end();
    if (this.#state === LOADING) {
      this.#state = OPEN;
      this.#resource = value;
      if (this.#isObserved) this.#times = { loadedAt: performance.now(), savingAt: 0 };
    }
    this.#awake = false;
    this.#executeAll();
    if (this.#closing || this.#processor.options.minDuration === 0 || this.#isFull) this.save();
  };

  #fail = (/** @type {unknown} */ cause) => {
    this.#failure = { phase: this.#state === LOADING ? 'load' : 'save', cause };
    this.#state = SAVING;
    this.#end();
  };

  #executeAll() {
    const operations = this.#operations;
    while (this.#executed < operations.length) {
      const place = this.#executed++;
      const operation = operations[place];
      if (operation === CANCELLED) continue;
      if (this.#cancellables !== null) this.#cancellables.get(place)?.detach();
      try {
        const value = this.execute(operation, this.#resource);
        if (isThenable(value)) throw notSynchronous(value);
        operations[place] = value;
        this.#changed = true;
      } catch (error) {
        operations[place] = undefined;
        this.#failures ??= new Map();
        this.#failures.set(place, error);
      }
    }
  }

  #end() {
    this.#processor.pending -= this.#operations.length - this.#cancelled;
    if (this.#failure !== null)
      for (const cancellable of this.#cancellables?.values() ?? []) cancellable.detach();
    this.#context.end();
    if (this.#isObserved) this.#publish();
    this.#resolve(this);
    this.#processor.hasEnded(this);
  }

  #publish() {
    const endedAt = performance.now();
    const { loadedAt, savingAt } = this.#times ?? { loadedAt: endedAt, savingAt: 0 };
    /** @type {Metric} */
    const metric = {
      batchStart: new Date(performance.timeOrigin + this.startedAt),
      resourceKey: this.key,
      operationCount: this.#executed - this.#cancelled,
      loadResourceDuration: loadedAt - this.startedAt,
      saveResourceDuration: savingAt === 0 ? 0 : endedAt - savingAt,
      totalDuration: endedAt - this.startedAt,
    };
    if (this.#failure !== null) metric.error = this.#error(this.#failure);
    for (const subscriber of this.#processor.subscribers) {
      try {
        subscriber(metric);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  /** @param {{ phase: string, cause: unknown }} failure */
  #error({ phase, cause }) {
    return new Error(`Could not ${phase} the resource ${this.key}`, { cause });
  }
}

/** @param {Batch} batch */
function outcome(batch) {
  return batch.tell();
}

/**
 * @param {any} value
 * @returns {value is PromiseLike<unknown>}
 */
function isThenable(value) {
  return (
    ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
    typeof value.then === 'function'
  );
}

/** @param {PromiseLike<unknown>} value */
function notSynchronous(value) {
  Promise.resolve(value).catch(() => {});
  return new TypeError('An operation must be synchronous');
}
