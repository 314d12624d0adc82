import { captureBoth, takeReject, takeResolve } from './promises.mjs';

/** A run that can be called off, and so has a promise of its own. */
export class Cancellable {
  /** @type {Promise<any>} */
  promise = new Promise(captureBoth);
  resolve = takeResolve();
  reject = takeReject();
  #batch;
  #place;
  #signal;

  /**
   * @param {{ cancel(place: number): void }} batch
   * @param {number} place
   * @param {AbortSignal} signal
   */
  constructor(batch, place, signal) {
    this.#batch = batch;
    this.#place = place;
    this.#signal = signal;
    let listener = listeners.get(signal);
    if (listener === undefined) {
      listener = new Listener();
      listeners.set(signal, listener);
      signal.addEventListener('abort', listener);
    }
    listener.add(this);
  }

  cancel() {
    this.detach();
    this.#batch.cancel(this.#place);
    this.reject(cancelled(this.#signal));
  }

  detach() {
    const listener = listeners.get(this.#signal);
    if (listener?.delete(this) && listener.size === 0) {
      listeners.delete(this.#signal);
      this.#signal.removeEventListener('abort', listener);
    }
  }
}

/** @type {WeakMap<AbortSignal, Listener>} */
const listeners = new WeakMap();

/** All runs that one signal can call off. @extends {Set<Cancellable>} */
class Listener extends Set {
  handleEvent() {
    for (const cancellable of [...this]) cancellable.cancel();
  }
}

/** @param {AbortSignal} signal */
export function cancelled(signal) {
  const error = new Error('The operation was cancelled before it ran', { cause: signal.reason });
  return Object.assign(error, { code: 'ERR_OPERATION_CANCELLED' });
}
