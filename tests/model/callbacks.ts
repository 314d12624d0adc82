import type { Batch, Given, Resource } from './batch.js';
import { mistakenLock } from './failure.js';
import type { Model } from './model.js';
import type { Operations } from './operations.js';
import type { CallMode, Key, Place, World } from './scenario.js';
import type { Store } from './store.js';

/** What the processor calls: lock, load, save, and the release of locks. */
export class Callbacks {
  /** What the platform is to report as uncaught. */
  readonly expectedReports = new Set<unknown>();
  readonly #world: World;
  readonly #model: Model;
  readonly #store: Store;
  readonly #operations: Operations;
  readonly #callback: (place: Place) => void;
  readonly #counts = { lock: 0, load: 0, save: 0 };
  /** Where a lock has resolved to something that is no function: once a key, as the errors of two cannot be told apart. */
  readonly #mistaken = new Set<Key>();

  constructor(
    world: World,
    model: Model,
    store: Store,
    operations: Operations,
    callback: (place: Place) => void,
  ) {
    this.#world = world;
    this.#model = model;
    this.#store = store;
    this.#operations = operations;
    this.#callback = callback;
  }

  lock(key: Key, given: Given): unknown {
    const { calls } = this.#model;
    const batch = calls.lockCalled(key, given);
    this.#listen(batch);
    this.#callback('lock');
    const { releases, locks } = this.#world;
    const release = releases[this.#counts.lock % releases.length];
    return this.#plan(batch, 'lock', locks as CallMode[], {
      value: () => {
        if (release === 'nothing') return undefined;
        if (release === 'mistake' && !this.#mistaken.has(key)) {
          this.#mistaken.add(key);
          return 'no function';
        }
        return () => this.#release(batch, release === 'throws');
      },
      settled: (failure, value) =>
        calls.lockSettled(
          batch,
          failure ?? (value === 'no function' ? { cause: mistakenLock } : undefined),
          typeof value === 'function',
        ),
    });
  }

  #release(batch: Batch, throws: boolean): void {
    this.#model.batches.released(batch);
    this.#callback('release');
    if (throws) this.throwUncaught();
  }

  throwUncaught(): never {
    const error = new Error('to be reported');
    this.expectedReports.add(error);
    throw error;
  }

  load(key: Key, given: Given): Resource {
    const { calls } = this.#model;
    const batch = calls.loadCalled(key, given);
    if (!batch.calls.lock) this.#listen(batch);
    this.#callback('load');
    return this.#plan(batch, 'load', this.#world.loads, {
      value: () => this.#store.load(key),
      settled: (failure, value) => calls.loadSettled(batch, failure, value as Resource),
    }) as Resource;
  }

  save(key: Key, resource: Resource, given: Given): unknown {
    const { calls } = this.#model;
    const batch = calls.saveCalled(key, resource, given);
    const log = resource && [...resource.log];
    this.#callback('save');
    return this.#plan(batch, 'save', this.#world.saves, {
      value: () => undefined,
      store: () => {
        this.#store.save(key, log);
        this.#operations.stored(batch);
      },
      settled: (failure) => {
        calls.saveSettled(batch, failure);
        if (!failure) this.#operations.saved(batch, log);
      },
    });
  }

  #plan(
    batch: Batch,
    phase: 'lock' | 'load' | 'save',
    modes: CallMode[],
    plan: {
      value(): unknown;
      settled(failure: { cause: unknown } | undefined, value: unknown): void;
      store?(): void;
    },
  ): unknown {
    const count = this.#counts[phase]++;
    const mode = modes[count % modes.length] as CallMode;
    const cause = `${phase} ${count} failed`;
    return this.#store.call({ batch, mode, cause, store: () => {}, ...plan });
  }

  #listen({ given }: Batch): void {
    if (!this.#world.readsSignals) return;
    if (given.signal.aborted) this.#callback('abort of a batch');
    else given.signal.addEventListener('abort', () => this.#callback('abort of a batch'), { once: true });
  }
}
