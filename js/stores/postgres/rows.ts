import type { BatchContext, Release } from '../../core/types.js';
import { keyText } from '../records.js';
import type { Query, Row } from './client.js';
import { explained } from './failure.js';
import type { Statements } from './statements.js';
import type { Transact } from './transaction.js';

/** The transaction of a batch, in which its row is locked. */
export interface LockedRow {
  query: Query;
  /** The row as it is, if there is one. */
  get: () => Promise<Row | undefined>;
  /** If it rejects, the transaction may be committed all the same. */
  commit: () => Promise<void>;
}

/**
 * Locks the row of a batch, in a transaction that ends with a commit, or is rolled back when the lock is released.
 *
 * The load would be the wrong place for that: it has one of the places of `concurrency`, and would wait for another process, which may be
 * waiting for a place.
 */
export function lockRow(
  { key, signal }: BatchContext,
  transact: Transact,
  statements: Statements,
  isLocked: (row: LockedRow) => void,
): Promise<Release> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    // Once the transaction has ended, with the connection maybe, nothing more is to be done in it: that would be in one of somebody else.
    let hasEnded = false;
    const ended = transact(async (send) => {
      let found: Promise<Row | undefined> | undefined = find(send, statements, keyText(key));
      await found;
      signal.throwIfAborted();
      const query: Query = (...statement) =>
        hasEnded ? (ended as Promise<never>) : Promise.race([send(...statement), ended as Promise<never>]);
      await new Promise<void>((commit, rollback) => {
        isLocked({
          query,
          get() {
            const row = found ?? find(query, statements, keyText(key));
            found = undefined;
            return row;
          },
          commit() {
            if (!hasEnded) commit();
            return ended;
          },
        });
        resolve(() => hasEnded || rollback());
      });
    });
    const end = () => {
      hasEnded = true;
    };
    ended.then(end, (error) => {
      end();
      reject(explained(error, statements));
    });
  });
}

async function find(query: Query, { name, lock }: Statements, key: string): Promise<Row | undefined> {
  const [row] = await query(lock, key);
  if (row) return row;
  // What is not there cannot be locked: so the key is, until the row has been made.
  await query('select pg_advisory_xact_lock(hashtextextended($1::text, 0))', `${name} ${key}`);
  return (await query(lock, key))[0];
}
