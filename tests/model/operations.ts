import type { Batch, Resource } from './batch.js';
import type { Run } from './run.js';
import type { Key, Place, ValueMode } from './scenario.js';
import type { Store } from './store.js';
import { touchy } from './values.js';

/** What the operations do: user code. Each writes its number into the resource's log. */
export class Operations {
  readonly #values: ValueMode;
  readonly #callback: (place: Place) => void;
  /** For each key the operations whose save has succeeded, since the last that deleted the record. */
  readonly #saved = new Map<Key, number[]>();

  constructor(values: ValueMode, callback: (place: Place) => void) {
    this.#values = values;
    this.#callback = callback;
  }

  execute(run: Run, resource: Resource): unknown {
    this.#callback('operation');
    const { id, spec } = run;
    const batch = run.batch as Batch;
    const isChange = spec.method !== 'read';
    const isFirst = batch.attempts.count === 1;
    if (spec.method === 'run') resource?.log.push(id);
    switch (spec.ending === (isFirst ? 'throws at first' : 'throws later') ? 'throws' : spec.ending) {
      case 'throws': {
        // Only a save can be in conflict, whatever an operation says.
        const error = Object.assign(new Error(`thrown by run ${id}`), id % 2 && { code: 'ERR_CONFLICT' });
        run.outcome = { type: 'error', error };
        throw error;
      }
      case 'promise':
        run.outcome = { type: 'mistake' };
        return Promise.reject(new Error('an operation returned a promise, and it was left unhandled'));
      case 'thenable':
        run.outcome = { type: 'mistake' };
        return { then: () => (run.outcome = { type: 'error', error: 'then was called' }) };
      default: {
        const value = this.#value(run, resource);
        run.outcome = { type: 'value', value, isRevoked: this.#values === 'revoked' };
        if (isChange) batch.isChanged = true;
        if (spec.method === 'update') batch.resource = value as Resource;
        return value;
      }
    }
  }

  #value({ id, spec }: Run, resource: Resource): unknown {
    if (spec.ending === 'undefined') return undefined;
    return spec.method === 'update' ? { log: [...(resource?.log ?? []), id] } : this.#opaque({ id });
  }

  #opaque(value: object): object {
    if (this.#values === 'plain') return value;
    if (this.#values === 'touchy') return new Proxy(value, touchy);
    const { proxy, revoke } = Proxy.revocable(value, {});
    queueMicrotask(revoke);
    return proxy;
  }

  /** A save has been stored, perhaps one that fails all the same. */
  stored(batch: Batch): void {
    if (this.deletes(batch)) this.#saved.set(batch.lane.key, []);
  }

  /** Whether an operation has deleted the record. */
  deletes({ executed }: Batch): boolean {
    return executed.some(
      ({ spec, outcome }) => spec.method === 'update' && outcome?.type === 'value' && !outcome.value,
    );
  }

  saved({ lane, executed }: Batch, log: number[] | undefined): void {
    const before = this.#saved.get(lane.key) ?? [];
    const written = executed.filter(({ id, outcome }) => outcome?.type === 'value' && log?.includes(id));
    this.#saved.set(lane.key, [...before, ...written.map(({ id }) => id)]);
  }

  /** Whether everything that has been saved is stored exactly once and in order. */
  lost(store: Store, keys: Key[]): string | undefined {
    for (const key of keys) {
      const stored = store.stored(key).filter((id) => id > 0);
      const saved = (this.#saved.get(key) ?? []).filter((id) => !stored.includes(id));
      if (saved.length > 0) return `run ${saved[0]} of ${key} is lost`;
      if (stored.some((id, place) => place > 0 && id <= (stored[place - 1] as number)))
        return `stored out of order: ${stored.join(' ')}`;
    }
    return store.undone;
  }
}
