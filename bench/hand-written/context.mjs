/** What load and save of a batch get. */
export class Context {
  /** Null when it has ended, lest whoever keeps this keeps the batch. @type {{ startedAt: number } | null} */
  #batch;
  #maxDuration;
  /** @type {AbortController | null} */
  #controller = null;
  /** @type {NodeJS.Timeout | undefined} */
  #timer;

  /**
   * @param {{ startedAt: number }} batch
   * @param {number} maxDuration
   */
  constructor(batch, maxDuration) {
    this.#batch = batch;
    this.#maxDuration = maxDuration;
  }

  get signal() {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#batch === null) this.#abort('AbortError');
      else if (this.#maxDuration < Infinity) {
        const left = this.#batch.startedAt + this.#maxDuration - performance.now();
        this.#timer = setTimeout(() => this.#abort('TimeoutError'), left);
      }
    }
    return this.#controller.signal;
  }

  end() {
    this.#batch = null;
    if (this.#controller !== null) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#abort('AbortError');
    }
  }

  /** @param {'TimeoutError' | 'AbortError'} name */
  #abort(name) {
    // An error keeps the objects whose methods it was made in until somebody reads its stack: here that would be the batch.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    const reason = new DOMException('The batch has lasted too long, or has ended', name);
    Error.stackTraceLimit = stackTraceLimit;
    this.#controller?.abort(reason);
  }
}
