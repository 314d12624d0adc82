import type { SavedBatch } from '../../core/types.js';
import { asError } from '../failure.js';
import { conflict, keyText } from '../records.js';
import { unlessAborted } from '../signals.js';
import type { Query } from './client.js';
import { explained, isOutOfTurn, isRefusal, isRolledBack, unknownChange } from './failure.js';
import type { Records } from './records.js';
import type { Statements } from './statements.js';
import type { PostgresStore } from './store.js';

/** Loads by one statement, and saves by one. Who has changed a row meanwhile is noticed by its version. */
export function together<Resource, Key extends string | number>(
  query: Query,
  statements: Statements,
  records: Records<Resource, Key>,
): Omit<PostgresStore<Resource, Key>, 'retries' | 'createTable'> {
  async function save(
    batches: readonly SavedBatch<Resource | undefined, Key>[],
  ): Promise<(Error | undefined)[]> {
    try {
      return await records.save(query, batches);
    } catch (error) {
      if (isOutOfTurn(error)) return batches.map(({ key }) => conflict(key));
      if (!isRolledBack(error)) throw unknownChange(error, statements);
      if (batches.length === 1 || !isRefusal(error)) throw explained(error, statements);
    }
    // Nothing is saved, maybe on account of one of them: it is not to be the failure of the others.
    const middle = batches.length >> 1;
    const halves = [batches.slice(0, middle), batches.slice(middle)].map((half) =>
      save(half).catch((error) => half.map(() => asError(error))),
    );
    return (await Promise.all(halves)).flat();
  }

  return {
    concurrency: 4,
    maxKeys: 1_000,

    async loadResources(batches, { signal }) {
      signal.throwIfAborted();
      const keys = batches.map(({ key }) => keyText(key));
      const found = await unlessAborted(signal, query(statements.load, JSON.stringify(keys))).catch(
        (error) => {
          throw explained(error, statements);
        },
      );
      const rows = new Map(found.map((row) => [row.key, row]));
      return batches.map((batch, place) => records.resource(batch, rows.get(keys[place] as string)));
    },

    async saveResources(batches, { signal }) {
      signal.throwIfAborted();
      return save(batches);
    },
  };
}
