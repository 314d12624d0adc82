/**
 * Many keys in one call, by hand: one call loads all keys that were asked for in a turn, and one saves them. It is the limit for
 * loadResources and saveResources, and does what their workload asks for and nothing else: no signals, no metrics, no queue for calls.
 *
 * What its speed comes from: the batches of a call share all they can. They hang on one promise, with one reaction for all runs; they
 * are one list of operations, and one timer.
 */

import { Call } from './call.mjs';
import { settled } from './promises.mjs';
import { Slots } from './slots.mjs';

/**
 * @typedef {import('./call.mjs').Key} Key
 * @typedef {import('./call.mjs').Operation} Operation
 * @typedef {import('./call.mjs').Options} Options
 */

/** What one key has in a call. */
export class Batch {
  key;
  call;
  /** Its number among the batches under way. */
  slot = -1;
  /** @type {any} */
  resource = undefined;
  changed = false;
  /** @type {{ phase: 'load' | 'save', cause: unknown } | null} */
  failure = null;

  /**
   * @param {Key} key
   * @param {Call} call
   */
  constructor(key, call) {
    this.key = key;
    this.call = call;
  }
}

export class Processor {
  /** As in processor.mjs. */
  static idle = new Processor({ loadResources() {}, saveResources() {} }).#idleCall();

  options;
  /** The latest batch of each key. @type {Slots<Batch>} */
  #batches = new Slots();
  /** That of the keys that are asked for in this turn. @type {Call | null} */
  #ofThisTurn = null;
  #stopped = false;

  /** @param {Options} options */
  constructor({ minDuration = 100, loadResources, saveResources }) {
    this.options = { minDuration, loadResources, saveResources };
  }

  #idleCall() {
    const call = new Call(this);
    call.batches.push(new Batch('idle', call));
    return call;
  }

  /**
   * @param {Key} key
   * @param {Operation} operation
   * @returns {Promise<any>}
   */
  run(key, operation) {
    if (this.#stopped) return Promise.reject(new Error('The processor has been stopped'));
    const current = this.#batches.get(key);
    if (current?.call.isAccepting) return current.call.add(current, operation);
    const call = current === undefined ? this.#callOfThisTurn() : (current.call.next ??= new Call(this));
    const batch = new Batch(key, call);
    call.batches.push(batch);
    if (current === undefined) this.#batches.add(key, batch);
    else this.#batches.replace(current, batch);
    return call.add(batch, operation);
  }

  async flush() {
    /** @type {Set<Call>} */
    const calls = new Set();
    for (const batch of this.#batches) if (batch !== undefined) calls.add(batch.call);
    for (const call of calls) call.closeSoon();
    await Promise.all(Array.from(calls, ({ ended }) => ended));
  }

  stop() {
    this.#stopped = true;
    return this.flush();
  }

  /** @param {Call} call */
  hasEnded(call) {
    for (const batch of call.batches) {
      if (this.#batches.get(batch.key) === batch) this.#batches.remove(batch);
    }
    call.next?.start();
  }

  #callOfThisTurn() {
    if (this.#ofThisTurn !== null) return this.#ofThisTurn;
    const call = new Call(this);
    this.#ofThisTurn = call;
    settled.then(() => {
      this.#ofThisTurn = null;
      call.start();
    });
    return call;
  }
}

/** @param {Options} options */
export function startProcessor(options) {
  return new Processor(options);
}
