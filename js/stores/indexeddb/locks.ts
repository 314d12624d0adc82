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

  return {
    takeStore: joinedLock(prefix, 'exclusive'),

    async takeRecord(key, context) {
      const giveBack = await takeShare(key, context);
      try {
        const release = await lockRecord(key, context);
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
