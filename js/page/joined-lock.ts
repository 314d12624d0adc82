import type { BatchContext, Release } from '../core/types.js';
import { lockManager } from './locks.js';

type Key = string | number;

/**
 * A Web Lock that several keys hold together. Who asks for it joins those who wait for it already, so that one request is made for all.
 * When it has been granted nobody joins any more: other tabs are to have their turn, too.
 */
export class JoinedLock {
  readonly #name: string;
  readonly #mode: LockMode;
  #latest: Hold | undefined;

  constructor(name: string, mode: LockMode) {
    this.#name = name;
    this.#mode = mode;
  }

  /** Resolves to the function that gives it up. Rejects with the signal's reason if that aborts while it waits. */
  async take(key: Key, { signal }: Pick<BatchContext, 'signal'>): Promise<Release> {
    signal.throwIfAborted();
    if (!this.#latest?.admits(key)) this.#latest = new Hold(this.#name, this.#mode);
    return this.#latest.join(key, signal);
  }
}

/** One request of the lock, and the keys that it is held for. */
class Hold {
  readonly #keys = new Set<Key>();
  readonly #request = new AbortController();
  readonly #granted: Promise<void>;
  #release!: () => void;
  #isOpen = true;

  constructor(name: string, mode: LockMode) {
    const released = new Promise<void>((resolve) => {
      this.#release = resolve;
    });
    this.#granted = new Promise((resolve, reject) => {
      const hold = () => {
        resolve();
        return released;
      };
      lockManager().request(name, { mode, signal: this.#request.signal }, hold).catch(reject);
    });
    const close = () => {
      this.#isOpen = false;
    };
    this.#granted.then(close, close);
  }

  /** One key twice has to wait for itself: another processor has the same store. */
  admits(key: Key): boolean {
    return this.#isOpen && !this.#keys.has(key);
  }

  join(key: Key, signal: AbortSignal): Promise<Release> {
    this.#keys.add(key);
    const leave = () => this.#leave(key);
    return new Promise((resolve, reject) => {
      const abort = () => {
        leave();
        reject(signal.reason);
      };
      signal.addEventListener('abort', abort);
      this.#granted
        .finally(() => signal.removeEventListener('abort', abort))
        .then(() => resolve(leave), reject);
    });
  }

  /** Whom the last one leaves behind is nobody: a request that still waits is withdrawn, and a lock that is held released. */
  #leave(key: Key): void {
    this.#keys.delete(key);
    if (this.#keys.size > 0) return;
    this.#isOpen = false;
    this.#request.abort();
    this.#release();
  }
}
