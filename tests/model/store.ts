import type { Resource } from './batch.js';
import type { Key } from './scenario.js';

/** What is stored, and in which version. Other processes write it, too. */
export class Store {
  /** Whether it refuses to save what was loaded in another version. */
  readonly #hasVersions: boolean;
  readonly #resources = new Map<Key, number[]>();
  readonly #versions = new Map<Key, number>();
  /** The versions in which batches have loaded their resources, as stores keep them: by the batch's own object. */
  readonly #loaded = new WeakMap<object, number>();
  /** What went wrong. */
  undone: string | undefined;
  #others = 0;

  constructor(hasVersions: boolean) {
    this.#hasVersions = hasVersions;
  }

  load(key: Key, batch: object): Resource {
    this.#loaded.set(batch, this.#version(key));
    return { log: [...this.stored(key)] };
  }

  /** Whether a save would be refused. */
  conflicts(key: Key, batch: object): boolean {
    return this.#hasVersions && this.#loaded.get(batch) !== this.#version(key);
  }

  /** What is stored is to stay, unless an operation has deleted it on purpose. */
  save(key: Key, log: number[] | undefined, deletes = false): void {
    this.#versions.set(key, this.#version(key) + 1);
    if (this.#hasVersions && log && !deletes && this.stored(key).some((id, place) => log[place] !== id))
      this.undone ??= `a save of ${key} undoes what was stored before`;
    if (log) this.#resources.set(key, log);
    else this.#resources.delete(key);
  }

  /** What others write has negative numbers. */
  anotherWrites(key: Key): void {
    this.save(key, [...this.stored(key), --this.#others]);
  }

  stored(key: Key): number[] {
    return this.#resources.get(key) ?? [];
  }

  #version(key: Key): number {
    return this.#versions.get(key) ?? 0;
  }
}
