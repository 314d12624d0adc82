/**
 * A batch, as `lockResource`, `loadResource` and `saveResource` get it. All three get the same object for one batch: what a store has to
 * remember of a batch, it keeps in a WeakMap by that object.
 */
export interface BatchContext<Key extends string | number = string | number> {
  readonly key: Key;
  /**
   * Aborts with a `TimeoutError` when the batch has lasted `maxDuration`, with the reason of the signal that `stop` got if that aborts, and
   * with an `AbortError` after the batch has ended; the first of these counts.
   *
   * It asks, it does not enforce: the batch ends when the function's promise settles.
   */
  readonly signal: AbortSignal;
}

/** What `loadResources` and `saveResources` get for one call. */
export interface CallContext {
  /** Aborts when those of all batches in the call have, and after it has settled. */
  readonly signal: AbortSignal;
}

/** A batch, as `saveResources` gets it: the same object, with the resource to be saved. */
export interface SavedBatch<Resource, Key extends string | number = string | number>
  extends BatchContext<Key> {
  readonly resource: Resource;
}

/** Releases a lock. */
export type Release = () => void;

/** Options of `startProcessor`. All are optional, unknown ones are ignored. */
export interface ProcessorOptions<Resource, Key extends string | number = string> {
  /**
   * Every batch stays open at least so many milliseconds after its start, unless it is full or flushed, or has only reads when it has
   * been loaded. With 0 the window closes when the load has ended, and what arrives while a save is under way forms the next batch. At most
   * 2147483647.
   *
   * @defaultValue 100
   */
  minDuration?: number | undefined;
  /**
   * The batch's signal aborts so many milliseconds after its start; later if a timer that was late has kept its window open. At least
   * `minDuration`. `Infinity`: never.
   *
   * @defaultValue `2 * minDuration`, or `Infinity` if `minDuration` is 0
   */
  maxDuration?: number | undefined;
  /**
   * The most runs in one batch: the window closes when it has so many. One that is cancelled keeps its place.
   *
   * @defaultValue Infinity
   */
  maxOperations?: number | undefined;
  /**
   * The most loads and saves under way at once, over all keys. What finds no place waits for one, in the order of asking. A batch without a
   * lock that waits to load has not started yet. A flush and a stop do not wait for a place.
   *
   * @defaultValue Infinity
   */
  concurrency?: number | undefined;
  /**
   * Loads several resources by one call, instead of `loadResource`: those of all batches that want to load in the same
   * turn. Returns an array with the resource of each batch in its place; an Error there is that batch's failure.
   */
  loadResources?:
    | ((
        batches: BatchContext<Key>[],
        call: CallContext,
      ) => readonly (Resource | Error)[] | PromiseLike<readonly (Resource | Error)[]>)
    | undefined;
  /**
   * Saves several resources by one call, instead of `saveResource`: those of all batches that want to save in the same
   * turn. Returns nothing if all are saved, or an array with an Error in the place of each batch that is not. If it
   * throws, none is.
   */
  saveResources?: ((batches: SavedBatch<Resource, Key>[], call: CallContext) => unknown) | undefined;
  /**
   * The most batches in one call of `loadResources` or `saveResources`.
   *
   * @defaultValue Infinity
   */
  maxKeys?: number | undefined;
  /**
   * How often a batch starts over when its save has a conflict, that is, rejects with a `ConflictError` or any other error whose `code` is
   * 'ERR_CONFLICT': it loads again, runs its operations again, and saves again. So an operation can run more than once,
   * and is to be a function of the resource, without other effects.
   *
   * @defaultValue 0
   */
  retries?: number | undefined;
  /**
   * Locks the resource before it is loaded, and returns the function that releases the lock, or undefined if there is nothing to release.
   * That function is called once, after the save has settled or whatever else ended the batch. `lockResource` is called once a batch.
   *
   * @defaultValue no lock
   */
  lockResource?:
    | ((key: Key, batch: BatchContext<Key>) => Release | undefined | PromiseLike<Release | undefined>)
    | undefined;
  /**
   * Gets the resource from where it is kept. Called when a batch starts, at once or when it has been locked, and again when it starts over.
   *
   * @defaultValue a function that resolves to undefined
   */
  loadResource?: ((key: Key, batch: BatchContext<Key>) => Resource | PromiseLike<Resource>) | undefined;
  /**
   * Brings the resource back to where it is kept. Called once a batch, and again when it has started over, if any `run` or `update` of it
   * succeeded, also after the signal has aborted.
   *
   * @defaultValue a function that does nothing
   */
  saveResource?: ((key: Key, resource: Resource, batch: BatchContext<Key>) => unknown) | undefined;
}
