import type { BatchContext } from './types.js';

/** What the two functions of one batch get. Its signal costs as much as the whole batch: it is made when it is first read. */
export class Context implements BatchContext {
  #controller: AbortController | undefined = undefined;
  #why: 'TimeoutError' | 'AbortError' | undefined = undefined;

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#why) this.#abort(this.#why);
    }
    return this.#controller.signal;
  }

  /** The batch has lasted as long as it should. */
  timeOut(): void {
    this.#abort('TimeoutError');
  }

  /** The batch has ended: nothing of it may linger. */
  end(): void {
    this.#abort('AbortError');
  }

  #abort(why: 'TimeoutError' | 'AbortError'): void {
    this.#why ??= why;
    if (this.#controller && !this.#controller.signal.aborted) {
      this.#controller.abort(new DOMException(messages[this.#why], this.#why));
    }
  }
}

const messages = {
  TimeoutError: 'The batch has reached its maxDuration',
  AbortError: 'The batch has ended',
};
