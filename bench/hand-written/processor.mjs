/**
 * The same algorithm by hand: what a good engineer who knows V8 writes instead of using a package. It is the limit that groupcommit
 * is measured against, so it does all that the workloads ask for, and nothing else.
 *
 * What its speed comes from: the runs of a batch hang on one promise with one shared reaction; closures are made once a batch; an
 * AbortController only when somebody reads `signal`; one timer for all windows; the clock is read only for those who need it; and
 * no map holds a batch (see slots.mjs).
 */

import { Batch } from './batch.mjs';
import { cancelled } from './signals.mjs';
import { Slots } from './slots.mjs';
import { Windows } from './windows.mjs';

/**
 * @typedef {string | number} Key
 * @typedef {(resource: any) => unknown} Operation
 * @typedef {import('./context.mjs').Context} Context
 * @typedef {{
 *   minDuration?: number,
 *   maxDuration?: number,
 *   maxOperations?: number,
 *   loadResource: (key: any, context: Context) => unknown,
 *   saveResource: (key: any, resource: any, context: Context) => unknown,
 * }} Options
 * @typedef {{
 *   batchStart: Date, resourceKey: Key, operationCount: number,
 *   loadResourceDuration: number, saveResourceDuration: number, totalDuration: number, error?: Error,
 * }} Metric
 */

/** @param {Options} options */
export function startProcessor(options) {
  return new Processor(options);
}

export class Processor {
  /**
   * A batch that nothing happens to, of a processor that nobody uses. V8 forgets the layout of a class of which a collection finds no
   * object, and with it the code that it has compiled for that: a program whose batches have all ended would begin in the interpreter
   * again. In a static field, since a constant that nothing reads is collected.
   */
  static idle = Processor.idleBatch();

  static idleBatch() {
    const batch = new this({ loadResource() {}, saveResource() {} }).makeBatch('idle', () => {});
    // Where this place has held a small integer only, V8 has another layout.
    batch.startedAt = performance.now();
    return batch;
  }

  pending = 0;
  /** @type {Required<Options>} */
  options;
  /** @type {Set<(metric: Metric) => void>} */
  subscribers = new Set();
  /** The batch under way of each key. @type {Slots<Batch>} */
  #batches = new Slots();
  #windows;
  #stopped = false;

  /** @param {Options} options */
  constructor({ minDuration = 100, maxDuration, maxOperations = Infinity, loadResource, saveResource }) {
    maxDuration ??= minDuration === 0 ? Infinity : 2 * minDuration;
    this.options = { minDuration, maxDuration, maxOperations, loadResource, saveResource };
    this.#windows = this.makeWindows(minDuration);
  }

  /**
   * @param {Key} key
   * @param {Operation} operation its first
   */
  makeBatch(key, operation) {
    return new Batch(this, key, operation);
  }

  /** @param {number} minDuration */
  makeWindows(minDuration) {
    return new Windows(minDuration);
  }

  /**
   * @param {Key} key
   * @param {Operation} operation
   * @param {{ signal?: AbortSignal | undefined }} [options]
   * @returns {Promise<any>}
   */
  run(key, operation, options) {
    if (typeof key !== 'string' && (typeof key !== 'number' || Number.isNaN(key))) {
      return Promise.reject(new TypeError('key must be a string or a number'));
    }
    if (typeof operation !== 'function') return Promise.reject(new TypeError('operation must be a function'));
    if (this.#stopped) return Promise.reject(new Error('The processor has been stopped'));
    const signal = options?.signal;
    if (signal?.aborted) return Promise.reject(cancelled(signal));

    this.pending++;
    const current = this.#batches.get(key);
    if (current === undefined) {
      const batch = this.makeBatch(key, operation);
      this.#batches.add(key, batch);
      this.#start(batch);
      return batch.promise(0, signal);
    }
    for (let batch = current; ; batch = batch.next) {
      if (batch.isAccepting) return batch.promise(batch.add(operation), signal);
      if (batch.next === null) {
        batch.next = this.makeBatch(key, operation);
        return batch.next.promise(0, signal);
      }
    }
  }

  /**
   * @param {Key} [key]
   * @returns {Promise<void>}
   */
  async flush(key) {
    const ends = [];
    for (const current of key === undefined ? this.#batches : [this.#batches.get(key)]) {
      for (let batch = current; batch; batch = batch.next ?? undefined) {
        batch.closeSoon();
        ends.push(batch.ended);
      }
    }
    await Promise.all(ends);
  }

  stop() {
    this.#stopped = true;
    return this.flush();
  }

  /**
   * @param {(metric: Metric) => void} callback
   * @returns {() => void}
   */
  subscribeBatchMetrics(callback) {
    const subscriber = (/** @type {Metric} */ metric) => callback(metric);
    this.subscribers.add(subscriber);
    return () => void this.subscribers.delete(subscriber);
  }

  /** @param {Batch} batch */
  hasEnded(batch) {
    if (this.options.minDuration > 0) this.#windows.remove(batch);
    if (batch.next === null) {
      this.#batches.remove(batch);
    } else {
      this.#batches.replace(batch, batch.next);
      this.#start(batch.next);
    }
  }

  /** @param {Batch} batch */
  #start(batch) {
    batch.start();
    if (this.options.minDuration > 0) this.#windows.add(batch);
  }
}
