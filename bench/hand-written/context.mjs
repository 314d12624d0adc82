/** What load and save of a batch get. */
export class Context {
  #batch;
  #maxDuration;
  /** @type {AbortController | null} */
  #controller = null;
  /** @type {NodeJS.Timeout | undefined} */
  #timer;
  #ended = false;

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
      if (this.#ended) this.#abort('AbortError');
      else if (this.#maxDuration < Infinity) {
        const left = this.#batch.startedAt + this.#maxDuration - performance.now();
        this.#timer = setTimeout(() => this.#abort('TimeoutError'), left);
      }
    }
    return this.#controller.signal;
  }

  end() {
    this.#ended = true;
    if (this.#controller !== null) {
      clearTimeout(this.#timer);
      this.#abort('AbortError');
    }
  }

  /** @param {'TimeoutError' | 'AbortError'} name */
  #abort(name) {
    this.#controller?.abort(new DOMException('The batch has lasted too long, or has ended', name));
  }
}
