import type { BatchContext, Release } from '../core/types.js';
import { requestLock } from './locks.js';

type Key = string | number;

/** One request of a lock. */
interface Hold {
  /** Whom it is for. */
  readonly keys: Set<Key>;
  readonly granted: Promise<Release>;
  readonly withdraw: () => void;
}

/**
 * Makes a `lockResource` that takes one Web Lock for all keys. Who asks joins those who wait already, so that one request is made for all
 * of them. When it has been granted nobody joins any more: other tabs are to have their turn, too.
 */
export function joinedLock(name: string, mode: LockMode) {
  let waiting: Hold | undefined;

  function request(): Hold {
    const controller = new AbortController();
    const granted = requestLock(name, mode, controller.signal);
    const hold = { keys: new Set<Key>(), granted, withdraw: () => controller.abort() };
    const close = () => closeFor(hold);
    granted.then(close, close);
    return hold;
  }

  function closeFor(hold: Hold): void {
    if (waiting === hold) waiting = undefined;
  }

  return async (key: Key, { signal }: Pick<BatchContext, 'signal'>): Promise<Release> => {
    signal.throwIfAborted();
    // One key twice has to wait for itself: two processors have the same store.
    if (!waiting || waiting.keys.has(key)) waiting = request();
    const hold = waiting;
    const { keys, granted, withdraw } = hold;
    keys.add(key);

    /** With the last one goes the lock, or the request for it. */
    const leave = () => {
      keys.delete(key);
      if (keys.size > 0) return;
      closeFor(hold);
      withdraw();
      granted.then(
        (release) => release(),
        () => {},
      );
    };

    return new Promise((resolve, reject) => {
      const abort = () => {
        leave();
        reject(signal.reason);
      };
      signal.addEventListener('abort', abort);
      granted.finally(() => signal.removeEventListener('abort', abort)).then(() => resolve(leave), reject);
    });
  };
}
