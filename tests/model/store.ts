import type { Batch, Resource } from './batch.js';
import type { CallMode, Key, ThenableMode } from './scenario.js';

/** A call of lockResource, loadResource or saveResource that hangs. */
export interface Held {
  readonly batch: Batch;
  succeed(): void;
  fail(stored: boolean): void;
}

/** One call: what it does when it goes well, when it fails, and who is told. */
export interface CallPlan {
  batch: Batch;
  mode: CallMode;
  value(): unknown;
  cause: unknown;
  store(): void;
  settled(failure: { cause: unknown } | undefined, value: unknown): void;
}

/** What is stored, and the calls that hang. */
export class Store {
  readonly held: Held[] = [];
  readonly #thenables: ThenableMode;
  readonly #resources = new Map<Key, number[]>();

  constructor(thenables: ThenableMode) {
    this.#thenables = thenables;
  }

  load(key: Key): Resource {
    return { log: [...(this.#resources.get(key) ?? [])] };
  }

  save(key: Key, log: number[] | undefined): void {
    if (log) this.#resources.set(key, log);
    else this.#resources.delete(key);
  }

  stored(key: Key): number[] {
    return this.#resources.get(key) ?? [];
  }

  call(plan: CallPlan): unknown {
    const { batch, mode, cause, settled } = plan;
    const good = () => {
      const value = plan.value();
      plan.store();
      settled(undefined, value);
      return value;
    };
    switch (mode) {
      case 'value':
        return good();
      case 'promise':
        return Promise.resolve(good());
      case 'thenable':
        return thenable(this.#thenables, good());
      case 'throws':
        settled({ cause }, undefined);
        throw cause;
      case 'rejects':
        settled({ cause }, undefined);
        return Promise.reject(cause);
      default:
        return this.#hold(plan, batch, good);
    }
  }

  #hold({ mode, cause, store, settled }: CallPlan, batch: Batch, good: () => unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      let isHeld = true;
      const ends = (how: () => void) => () => {
        if (!isHeld) return;
        isHeld = false;
        this.held.splice(this.held.indexOf(held), 1);
        how();
      };
      const held: Held = {
        batch,
        succeed: ends(() => resolve(good())),
        fail: (stored) =>
          ends(() => {
            if (stored) store();
            settled({ cause }, undefined);
            reject(cause);
          })(),
      };
      this.held.push(held);
      if (mode !== 'obeys') return;
      const { signal } = batch.given;
      const obey = ends(() => {
        settled({ cause: signal.reason }, undefined);
        reject(signal.reason);
      });
      if (signal.aborted) obey();
      else signal.addEventListener('abort', obey, { once: true });
    });
  }
}

/** Comes to the value, and misbehaves: what it does besides does not count. */
function thenable(mode: ThenableMode, value: unknown): PromiseLike<unknown> {
  const calls = {
    twice: (resolve: (value: unknown) => void) => {
      resolve(value);
      resolve('again');
    },
    late: async (resolve: (value: unknown) => void) => {
      resolve(value);
      for (let turn = 0; turn < 10; turn++) await undefined;
      resolve('again');
    },
    throws: (resolve: (value: unknown) => void) => {
      resolve(value);
      throw new Error('too late');
    },
  };
  if (mode === 'twice') return { then: calls.twice } as unknown as PromiseLike<unknown>;
  // The platform takes a native promise as it is, or calls its `then`: it comes to the same.
  const then = calls[mode === 'own then' ? 'twice' : mode];
  return Object.defineProperty(Promise.resolve(value), 'then', { value: then });
}
