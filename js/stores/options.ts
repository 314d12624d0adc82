import { mistyped } from '../core/settings.js';
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

/** Throws the TypeError that names the first option of the wrong kind. The client has to have the methods. */
export function check(options: unknown, client: string, kind: string, methods: readonly string[]): void {
  if (typeof options !== 'object' || options === null) throw mistyped('The options', 'an object', options);
  const { [client]: given, initial } = options as Record<string, unknown>;
  const hasMethod = (method: string) =>
    typeof (given as Record<string, unknown> | null)?.[method] === 'function';
  if (!methods.every(hasMethod)) throw mistyped(client, kind, given);
  if (initial !== undefined && typeof initial !== 'function')
    throw mistyped('initial', 'a function', initial);
}
