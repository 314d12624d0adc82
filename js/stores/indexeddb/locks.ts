import type { BatchContext, Release } from '../../core/types.js';
import { joinedLock } from '../../page/joined-lock.js';
import { keyLocks } from '../../page/locks.js';

type TakeLock = (key: string | number, context: Pick<BatchContext, 'signal'>) => Promise<Release>;

/** The two ways to lock a record. Neither is granted while another tab has the record by the other. */
export interface StoreLocks {
  /** Takes the whole store: one request for all keys that ask meanwhile, but no other tab gets any. */
  takeStore: TakeLock;
  /** Takes the record, after a share of the store, which keeps others from taking the whole. */
  takeRecord: TakeLock;
}

/** Nobody waits for who waits for him: the store comes before the record, and who has a record waits for nothing more. */
export function storeLocks(prefix: string): StoreLocks {
  const takeShare = joinedLock(prefix, 'shared');
  const lockRecord = keyLocks(prefix);
  /** Locks that are granted in quick succession, each in a task of its own, go on together: their batches share a load. */
  let crowd: Promise<void> | undefined;
  const gather = () => {
    crowd ??= new Promise((resolve) => {
      // No timer: those of a hidden page are late.
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        crowd = undefined;
        // An open port would keep a process alive.
        resolve(port1.close());
      };
      port2.postMessage(0);
    });
    return crowd;
  };

  return {
    takeStore: joinedLock(prefix, 'exclusive'),

    async takeRecord(key, context) {
      const giveBack = await takeShare(key, context);
      try {
        const release = await lockRecord(key, context);
        await gather();
        return () => {
          release();
          giveBack();
        };
      } catch (error) {
        giveBack();
        throw error;
      }
    },
  };
}
