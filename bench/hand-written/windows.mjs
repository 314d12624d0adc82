/** @typedef {import('./batch.mjs').Batch} Batch */

/** All open windows, behind one timer: since they last equally long, the first to open is the first to close. */
export class Windows {
  #duration;
  /** @type {Batch | null} */
  #first = null;
  /** @type {Batch | null} */
  #last = null;
  /** @type {NodeJS.Timeout | undefined} */
  #timer;

  /** @param {number} duration */
  constructor(duration) {
    this.#duration = duration;
  }

  /** @param {Batch} batch */
  add(batch) {
    batch.earlier = this.#last;
    if (this.#last === null) {
      this.#first = batch;
      this.arm(this.#duration);
    } else {
      this.#last.later = batch;
    }
    this.#last = batch;
  }

  /** @param {Batch} batch */
  remove(batch) {
    const { earlier, later } = batch;
    if (earlier === null && this.#first !== batch) return;
    if (earlier === null) this.#first = later;
    else earlier.later = later;
    if (later === null) this.#last = earlier;
    else later.earlier = earlier;
    batch.earlier = batch.later = null;
    if (this.#first === null) clearTimeout(this.#timer);
  }

  /** @param {number} duration */
  arm(duration) {
    this.#timer = setTimeout(this.#close, duration);
  }

  #close = () => {
    const now = performance.now();
    for (let batch = this.#first; batch !== null; batch = this.#first) {
      const left = batch.startedAt + this.#duration - now;
      if (left > 0) {
        this.arm(Math.ceil(left));
        return;
      }
      this.remove(batch);
      batch.close();
    }
  };
}
