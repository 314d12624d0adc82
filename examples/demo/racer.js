/** A worker that changes records in one of the ways. */
export class Racer {
  #worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  #waiting = new Map();
  #lastId = 0;

  constructor(way) {
    this.way = way;
    this.#worker.onmessage = ({ data: { id, result, error } }) => {
      const { resolve, reject } = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) resolve(result);
      else reject(new Error(error));
    };
    this.#worker.onerror = ({ message }) => {
      const error = new Error(message || 'The worker could not be started');
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
    };
  }

  start(options) {
    return this.#call('start', { way: this.way, ...options });
  }

  /** Resolves to the last sample when all updates under way are saved. */
  stop() {
    return this.#call('stop');
  }

  sample() {
    return this.#call('sample');
  }

  #call(call, argument) {
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, call, argument });
    });
  }
}
