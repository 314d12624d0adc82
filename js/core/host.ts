import type { Batch, Outcome, Phase } from './batch.js';
import type { Batches, Begun } from './batches.js';
import { TIMED_OUT } from './context.js';
import type { Numbers } from './metrics.js';
import { callTogether } from './together.js';

/** The window of a batch; src/js/host.rs reads the numbers. */
enum Window {
  Open,
  Closed,
  Flushed,
}

/**
 * The engine's host: what the trait `Host` in src/engine/host.rs asks for, method by method. Nothing of the user's throws past it: what
 * callbacks, operations and values do is caught where they are called, and becomes the outcome of a batch or a run.
 *
 * The engine keeps this object alive for as long as the processor. So it refers to nothing of the user's but through the batches, and a
 * processor that is dropped can go once they have ended.
 */
export class Host {
  readonly #batches: Batches;

  constructor(batches: Batches) {
    this.#batches = batches;
  }

  begin(key: number): Begun {
    return this.#batches.begin(key);
  }

  /** Asked before a load: a batch whose operations have run is starting over. */
  isWanted(key: number): boolean {
    const batch = this.#at(key);
    return batch.isWanted && !(batch.operations && batch.isAborted);
  }

  window(key: number): Window {
    const batch = this.#at(key);
    if (this.#batches.isFlushed(batch)) return Window.Flushed;
    return this.#batches.isOpen(batch) ? Window.Open : Window.Closed;
  }

  call(key: number, phase: Phase): Outcome {
    return this.#at(key).call(phase);
  }

  callTogether(keys: Uint32Array, phase: Phase): void {
    const batches = Array.from(keys, (key) => this.#at(key));
    const scope = batches[0]?.scope;
    if (scope) scope.runInAsyncScope(callTogether, undefined, batches, phase);
    else callTogether(batches, phase);
  }

  release(key: number): void {
    this.#at(key).release();
  }

  /** A batch that has only reads does not stay open for more, nor does any while windows close at once. */
  execute(key: number, isLast: boolean): number {
    const batch = this.#at(key);
    const closes = isLast || batch.areOnlyReads || batch.shared.flushesAtOnce;
    if (closes) batch.isClosed = true;
    batch.execute(closes);
    return (batch.isChanged ? 1 : 0) + (closes ? 2 : 0);
  }

  startOver(key: number): void {
    this.#at(key).startOver();
  }

  abort(key: number): void {
    this.#at(key).abort(TIMED_OUT);
  }

  isAborted(key: number): boolean {
    return this.#at(key).isAborted;
  }

  settle(key: number, isFailed: boolean): boolean {
    const batch = this.#at(key);
    batch.end(isFailed ? batch.failure() : undefined);
    return this.#batches.end(batch);
  }

  isObserved(key: number): boolean {
    return this.#at(key).shared.metrics.isObserved;
  }

  publish(key: number, numbers: Numbers, isFailed: boolean): void {
    const batch = this.#at(key);
    batch.isClosed = true;
    const error = isFailed ? batch.failure()() : undefined;
    batch.shared.metrics.publish(batch.key, batch.operations, numbers, error);
  }

  #at(key: number): Batch {
    return this.#batches.at(key);
  }
}
