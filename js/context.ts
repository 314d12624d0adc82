import type { BatchContext } from './types.js';

/** What the two functions of one batch get. Its signal costs as much as the whole batch: it is made when it is first read. */
export class Context implements BatchContext {
  #controller: AbortController | undefined = undefined;
  #why: Why | undefined = undefined;

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#why) this.abort(this.#why);
    }
    return this.#controller.signal;
  }

  /** The first reason counts. */
  abort(why: Why): void {
    this.#why ??= why;
    if (this.#controller && !this.#controller.signal.aborted) {
      this.#controller.abort(new DOMException(...this.#why));
    }
  }
}

type Why = readonly [message: string, name: string];

export const TIMED_OUT: Why = ['The batch has reached its maxDuration', 'TimeoutError'];
/** Nothing of the batch may linger. */
export const ENDED: Why = ['The batch has ended', 'AbortError'];
