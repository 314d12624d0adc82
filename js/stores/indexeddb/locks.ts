import type { BatchContext, Release } from '../../core/types.js';
import { JoinedLock } from '../../page/joined-lock.js';
import { webLocks } from '../../page/locks.js';

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
  const store = new JoinedLock(prefix, 'exclusive');
  const share = new JoinedLock(prefix, 'shared');
  const lockRecord = webLocks({ prefix });

  return {
    takeStore: (key, context) => store.take(key, context),

    async takeRecord(key, context) {
      const giveBack = await share.take(key, context);
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
