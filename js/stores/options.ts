import type { BatchContext, CallContext, SavedBatch } from '../core/types.js';

/** What the options of all stores for databases have in common. */
export interface StoreOptions<Resource, Key extends string | number = string> {
  /**
   * Makes the resource of a key that has no record. What it throws is the failure of that batch alone.
   *
   * @defaultValue a function that returns undefined
   */
  initial?: ((key: Key) => Resource) | undefined;
}

/** Options of `startProcessor` that keep resources in a database. */
export interface Store<Resource, Key extends string | number = string> {
  /** Reads the records by one call. An Error is in the place of one that cannot be had. */
  loadResources: (batches: readonly BatchContext<Key>[], call: CallContext) => Promise<(Resource | Error)[]>;
  /**
   * Writes the records, or deletes those whose resource is undefined, by one call. An Error is in the place of one that is not
   * saved.
   */
  saveResources: (
    batches: readonly SavedBatch<Resource | undefined, Key>[],
    call: CallContext,
  ) => Promise<(Error | undefined)[]>;
}

/** @throws TypeError with the message, which names an option, if that is not as it has to be. */
export function need(isRight: boolean, message: string): void {
  if (!isRight) throw new TypeError(message);
}
