/** @typedef {import('./processor.mjs').Key} Key */

/** So much room stays when no batch is under way, so that a busy processor need not make it again and again. */
const KEPT = 1_024;

/**
 * The batch of each key, in an array; the map knows only its number there.
 *
 * A map that grows and shrinks leaves its old tables behind, each with its entries and a link to the next one. One of them in old
 * space is enough that all which follow, and the batches in them, survive every minor collection: that cost two thirds of the time.
 *
 * @template {{ key: Key, slot: number }} Batch
 */
export class Slots {
  /** @type {Map<Key, number>} */
  #numbers = new Map();
  /** @type {(Batch | undefined)[]} */
  #batches = [];
  /** @type {number[]} */
  #free = [];

  /** @param {Key} key */
  get(key) {
    const number = this.#numbers.get(key);
    return number === undefined ? undefined : this.#batches[number];
  }

  /**
   * @param {Key} key
   * @param {Batch} batch
   */
  add(key, batch) {
    batch.slot = this.#free.pop() ?? this.#batches.length;
    this.#batches[batch.slot] = batch;
    this.#numbers.set(key, batch.slot);
  }

  /**
   * @param {Batch} batch
   * @param {Batch} successor
   */
  replace(batch, successor) {
    successor.slot = batch.slot;
    this.#batches[batch.slot] = successor;
  }

  /** @param {Batch} batch */
  remove(batch) {
    this.#numbers.delete(batch.key);
    if (this.#numbers.size === 0 && this.#batches.length > KEPT) {
      this.#batches = [];
      this.#free = [];
    } else {
      this.#batches[batch.slot] = undefined;
      this.#free.push(batch.slot);
    }
  }

  [Symbol.iterator]() {
    return this.#batches.values();
  }
}
