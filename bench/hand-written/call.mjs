import { captureResolve, settled, takeResolve } from './promises.mjs';

/**
 * @typedef {import('./many-keys.mjs').Batch} Batch
 * @typedef {import('./many-keys.mjs').Processor} Processor
 * @typedef {string | number} Key
 * @typedef {(resource: any) => unknown} Operation
 * @typedef {{
 *   minDuration?: number,
 *   loadResources: (batches: Batch[]) => unknown,
 *   saveResources: (batches: Batch[]) => unknown,
 * }} Options
 */

const WAITING = 0;
const LOADING = 1;
const OPEN = 2;
const SAVING = 3;

/** The batches that load together, and so save together: from the first run until all have been saved. */
export class Call {
  /** Resolves to the call, whatever has become of it. @type {Promise<Call>} */
  ended = new Promise(captureResolve);
  #resolve = takeResolve();
  /** Of the keys that were asked for while they were saved. @type {Call | null} */
  next = null;
  /** @type {Batch[]} */
  batches = [];
  #state = WAITING;
  #processor;
  /** In the order of the runs; the outcome takes the place of an operation that has run. @type {any[]} */
  #operations = [];
  /** @type {Batch[]} */
  #batchOfRun = [];
  /** What was thrown, by the run's place. @type {Map<number, unknown> | null} */
  #failures = null;
  #executed = 0;
  #told = 0;
  /** No small integer, ever: V8 would have another layout for that. */
  #startedAt = Number.NaN;
  #closing = false;
  #awake = false;
  /** @type {NodeJS.Timeout | undefined} */
  #timer;

  /** @param {Processor} processor */
  constructor(processor) {
    this.#processor = processor;
  }

  get isAccepting() {
    return this.#state !== SAVING;
  }

  /**
   * @param {Batch} batch one of its own
   * @param {Operation} operation
   * @returns {Promise<any>}
   */
  add(batch, operation) {
    this.#operations.push(operation);
    this.#batchOfRun.push(batch);
    if (this.#state === OPEN) this.#wake();
    // The reactions of one promise run in the order in which they were added: so each finds its run without a closure.
    return this.ended.then(outcome);
  }

  start() {
    const { minDuration, loadResources } = this.#processor.options;
    this.#state = LOADING;
    if (minDuration > 0) this.#startedAt = performance.now();
    try {
      Promise.resolve(loadResources(this.batches)).then(this.#loaded, this.#fail);
    } catch (cause) {
      this.#fail(cause);
    }
  }

  /** Closes the window, after the operations that wait. */
  closeSoon() {
    this.#closing = true;
    if (this.#state === OPEN) this.#wake();
  }

  /** What the call has for its next caller. */
  tell() {
    const place = this.#told++;
    const { key, failure } = /** @type {Batch} */ (this.#batchOfRun[place]);
    if (failure !== null) {
      throw new Error(`Could not ${failure.phase} the resource ${key}`, { cause: failure.cause });
    }
    if (this.#failures?.has(place)) throw this.#failures.get(place);
    return this.#operations[place];
  }

  #wake() {
    if (this.#awake) return;
    this.#awake = true;
    settled.then(this.#proceed);
  }

  #loaded = (/** @type {any} */ resources) => {
    const { batches } = this;
    if (!Array.isArray(resources) || resources.length !== batches.length) {
      return this.#fail(new TypeError('loadResources must return a resource for each batch'));
    }
    for (let index = 0; index < batches.length; index++) {
      const batch = /** @type {Batch} */ (batches[index]);
      const resource = resources[index];
      if (resource instanceof Error) batch.failure = { phase: 'load', cause: resource };
      else batch.resource = resource;
    }
    this.#state = OPEN;
    const { minDuration } = this.#processor.options;
    const left = minDuration === 0 ? 0 : this.#startedAt + minDuration - performance.now();
    if (left <= 0) this.#closing = true;
    else this.#timer = setTimeout(() => this.closeSoon(), left);
    this.#proceed();
  };

  #proceed = () => {
    this.#awake = false;
    if (this.#state !== OPEN) return;
    this.#execute();
    if (this.#closing) this.#save();
  };

  #execute() {
    const operations = this.#operations;
    while (this.#executed < operations.length) {
      const place = this.#executed++;
      const batch = /** @type {Batch} */ (this.#batchOfRun[place]);
      if (batch.failure !== null) continue;
      try {
        operations[place] = operations[place](batch.resource);
        batch.changed = true;
      } catch (error) {
        operations[place] = undefined;
        this.#failures ??= new Map();
        this.#failures.set(place, error);
      }
    }
  }

  #save() {
    this.#state = SAVING;
    clearTimeout(this.#timer);
    const changed = this.batches.every(isChanged) ? this.batches : this.batches.filter(isChanged);
    if (changed.length === 0) return this.#end();
    try {
      Promise.resolve(this.#processor.options.saveResources(changed)).then(
        (outcomes) => this.#saved(changed, outcomes),
        this.#fail,
      );
    } catch (cause) {
      this.#fail(cause);
    }
  }

  /**
   * @param {Batch[]} batches
   * @param {any} outcomes
   */
  #saved(batches, outcomes) {
    if (outcomes !== undefined) {
      if (!Array.isArray(outcomes) || outcomes.length !== batches.length) {
        return this.#fail(new TypeError('saveResources must return nothing, or an outcome for each batch'));
      }
      for (const [index, batch] of batches.entries()) {
        if (outcomes[index] instanceof Error) batch.failure = { phase: 'save', cause: outcomes[index] };
      }
    }
    this.#end();
  }

  #fail = (/** @type {unknown} */ cause) => {
    const phase = this.#state === LOADING ? 'load' : 'save';
    // What only failed, or threw, was in no call that saves.
    for (const batch of this.batches) {
      if (phase === 'load' || isChanged(batch)) batch.failure = { phase, cause };
    }
    this.#state = SAVING;
    this.#end();
  };

  #end() {
    this.#resolve(this);
    this.#processor.hasEnded(this);
  }
}

/** @param {Batch} batch */
const isChanged = (batch) => batch.changed;

/** @param {Call} call */
function outcome(call) {
  return call.tell();
}
