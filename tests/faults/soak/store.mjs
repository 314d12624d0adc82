import { setTimeout as sleep } from 'node:timers/promises';
import { ConflictError } from 'groupcommit';

const oneIn = (count) => Math.random() * count < 1;

/** Counters with versions, kept where everything that can go wrong does. Several processors may change them at once. */
export class Store {
  #records = new Map();
  #versions = new WeakMap();

  count = (key) => this.#records.get(key)?.count ?? 0;

  /** The callbacks of a processor, each in one of their forms. */
  callbacks() {
    const load = oneIn(2)
      ? { loadResource: (_key, batch) => this.#attempt(batch.signal, () => this.#load(batch)) }
      : {
          loadResources: (batches, { signal }) =>
            this.#attempt(signal, () => this.#each(batches, this.#load)),
        };
    const save = oneIn(2)
      ? {
          saveResource: (_key, resource, batch) =>
            this.#attempt(batch.signal, () => this.#save(batch, resource)),
        }
      : {
          saveResources: (batches, { signal }) =>
            this.#attempt(signal, () => this.#each(batches, (batch) => this.#save(batch, batch.resource))),
        };
    return { ...load, ...save };
  }

  /** What fails for one of several is in its place. */
  #each(batches, act) {
    return batches.map((batch) => {
      try {
        if (oneIn(100)) throw new Error('This one cannot be had');
        return act(batch);
      } catch (error) {
        return error;
      }
    });
  }

  #load = (batch) => {
    const { count, version } = this.#records.get(batch.key) ?? { count: 0, version: 0 };
    this.#versions.set(batch, version);
    return { count };
  };

  #save(batch, { count }) {
    const version = this.#records.get(batch.key)?.version ?? 0;
    if (version !== this.#versions.get(batch)) throw new ConflictError();
    this.#records.set(batch.key, { count, version: version + 1 });
  }

  /** Does it now or later; or fails before, or after it has been done; or hangs until the signal aborts. */
  #attempt(signal, act) {
    if (oneIn(50)) throw new Error('Down');
    if (oneIn(10)) return act();
    return this.#later(signal, act);
  }

  async #later(signal, act) {
    if (oneIn(2)) await sleep(Math.random() * 5);
    if (oneIn(50)) throw new Error('Down');
    if (oneIn(50)) await aborted(signal);
    const result = act();
    if (oneIn(50)) throw new Error('The answer got lost');
    return result;
  }
}

/** Hangs until the signal aborts, which it may have done already. */
function aborted(signal) {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason));
  });
}
