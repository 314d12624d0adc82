/**
 * The same by hand, for programs that have an asynchronous context: an AsyncResource for each batch, in whose context it loads and saves,
 * and one for each run, in whose context its operation runs. It is the limit where the package carries the context too.
 */

import { AsyncResource } from 'node:async_hooks';
import { Batch } from './batch.mjs';
import { Processor } from './processor.mjs';
import { Windows } from './windows.mjs';

/**
 * @typedef {import('./processor.mjs').Key} Key
 * @typedef {import('./processor.mjs').Operation} Operation
 * @typedef {import('./processor.mjs').Options} Options
 */

/** The context of nobody's run. */
const outside = new AsyncResource('outside');

class BatchInContext extends Batch {
  #scope = new AsyncResource('batch');

  /**
   * @param {Processor} processor
   * @param {Key} key
   * @param {Operation} operation its first
   */
  constructor(processor, key, operation) {
    super(processor, key, /** @type {any} */ (new Run(operation)));
  }

  /** @override */
  start() {
    this.#scope.runInAsyncScope(super.start, this);
  }

  /**
   * @override
   * @param {Operation} operation
   */
  add(operation) {
    return super.add(/** @type {any} */ (new Run(operation)));
  }

  /**
   * @override
   * @param {any} run
   * @param {any} resource
   */
  execute(run, resource) {
    return run.runInAsyncScope(run.operation, undefined, resource);
  }

  /** @override */
  save() {
    this.#scope.runInAsyncScope(super.save, this);
  }
}

/** It takes the place of an operation that has no context. */
class Run extends AsyncResource {
  /** @param {Operation} operation */
  constructor(operation) {
    super('run');
    this.operation = operation;
  }
}

/** A timer would keep the context in which it was armed, and what is armed when it fires would inherit that. */
class WindowsInContext extends Windows {
  /**
   * @override
   * @param {number} duration
   */
  arm(duration) {
    outside.runInAsyncScope(super.arm, this, duration);
  }
}

class ProcessorInContext extends Processor {
  /** @override */
  static idle = ProcessorInContext.idleBatch();

  /**
   * @override
   * @param {Key} key
   * @param {Operation} operation
   */
  makeBatch(key, operation) {
    return new BatchInContext(this, key, operation);
  }

  /**
   * @override
   * @param {number} minDuration
   */
  makeWindows(minDuration) {
    return new WindowsInContext(minDuration);
  }
}

/** @param {Options} options */
export function startProcessor(options) {
  return new ProcessorInContext(options);
}
