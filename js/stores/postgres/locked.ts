import { asError } from '../failure.js';
import { explained, isRolledBack, unknownChange } from './failure.js';
import type { Records } from './records.js';
import { type LockedRow, lockRow } from './rows.js';
import type { Statements } from './statements.js';
import type { PostgresStore } from './store.js';
import type { Transact } from './transaction.js';

/** Loads and saves each record in a transaction of its own, in which its row is locked. So nothing is to be gained by large calls. */
export function locked<Resource, Key extends string | number>(
  transact: Transact,
  statements: Statements,
  records: Records<Resource, Key>,
): Omit<PostgresStore<Resource, Key>, 'retries' | 'createTable'> {
  const rows = new WeakMap<object, LockedRow>();
  /** An Error is in the place of a batch whose task fails. */
  const forEach = <Batch extends object, T>(
    batches: readonly Batch[],
    task: (batch: Batch, row: LockedRow) => Promise<T>,
  ) => Promise.all(batches.map((batch) => task(batch, rows.get(batch) as LockedRow).catch(asError)));

  return {
    concurrency: Infinity,
    maxKeys: 1,

    lockResource: (_key, batch) => lockRow(batch, transact, statements, (row) => rows.set(batch, row)),

    loadResources: (batches) =>
      forEach(batches, async (batch, row) => records.resource(batch, await row.get())),

    saveResources: (batches) =>
      forEach(batches, async (batch, row) => {
        batch.signal.throwIfAborted();
        const [failure] = await records.save(row.query, [batch]).catch((error) => {
          throw explained(error, statements);
        });
        if (failure) return failure;
        await row.commit().catch((error) => {
          throw isRolledBack(error) ? error : unknownChange(error, statements);
        });
      }),
  };
}
