import { Batch } from './batch.js';
import { resolved } from './scope.js';
import type { Shared } from './shared.js';
import { Tally } from './tally.js';

/** Which batch has begun; src/js/host.rs reads the numbers. */
export enum Begun {
  Nothing,
  Next,
  Later,
}

/** The batches of one processor. Keys that have any are numbered, for the engine. */
export class Batches {
  /**
   * Of each key the number, and not the batch: a map that grows and shrinks leaves old tables behind, and one of them in old space is
   * enough to keep all that follow alive from one minor collection to the next, with whatever they hold.
   */
  readonly #numbers = new Map<string | number, number>();
  /** By number: the batch under way or about to begin, and the one that was opened last. Those between are linked. */
  #first: (Batch | undefined)[] = [];
  #latest: (Batch | undefined)[] = [];
  /** The numbers that no key has. */
  #free: number[] = [];
  /** How many batches have been opened. */
  opened = 0;
  /** The batches up to these ordinals have been flushed: all, and those of a key. */
  flushed = 0;
  #flushedOfKey: number[] = [];

  /** Counts the keys that have any. */
  readonly keys = new Tally();

  /** The key's latest batch, if it has any. */
  latest(key: string | number): Batch | undefined {
    const number = this.#numbers.get(key);
    return number === undefined ? undefined : this.#latest[number];
  }

  /** Whether runs may still join. */
  isOpen(batch: Batch): boolean {
    const { count, isClosed, ordinal, shared } = batch;
    return !isClosed && ordinal > this.flushed && count < shared.settings.maxOperations;
  }

  /** Opens a batch, behind the key's latest if there is one. It has no runs yet: if it gets none, nobody wants it, and no harm is done. */
  open(key: string | number, latest: Batch | undefined, shared: Shared): Batch {
    const number = latest ? latest.number : (this.#free.at(-1) ?? this.#first.length);
    const batch = new Batch(key, number, this.opened + 1, shared);
    if (!latest) shared.mailbox.serve(number);
    this.#link(batch, latest);
    return batch;
  }

  /** After the one call there are only stores: it is done whole, or not at all, also where the stack ends. */
  #link(batch: Batch, latest: Batch | undefined): void {
    const { number } = batch;
    if (latest) {
      latest.nextOfKey = batch;
      batch.previousOfKey = latest;
    } else {
      this.#numbers.set(batch.key, number);
      if (this.#free.length > 0) this.#free.length--;
      this.#first[number] = batch;
      this.#flushedOfKey[number] = 0;
      this.keys.unsettled++;
    }
    this.#latest[number] = batch;
    this.opened++;
  }

  /** The batch under way of a number. */
  at(number: number): Batch {
    return this.#first[number] as Batch;
  }

  /** The first batch of the key that anybody wants is the one under way from now on, if there is any. */
  begin(number: number): Begun {
    let first = this.#first[number];
    if (first?.isWanted) return Begun.Next;
    while (first && !first.isWanted) first = this.#shift(first);
    return first ? Begun.Later : Begun.Nothing;
  }

  /** The batch under way has ended. Returns whether the key has another. */
  end(batch: Batch): boolean {
    return this.#shift(batch) !== undefined;
  }

  #shift(batch: Batch): Batch | undefined {
    const { key, number, nextOfKey } = batch;
    batch.isClosed = true;
    // Batches that have ended do not keep those that follow alive, one after the other.
    batch.nextOfKey = undefined;
    if (nextOfKey) nextOfKey.previousOfKey = undefined;
    this.#first[number] = nextOfKey;
    if (nextOfKey) return nextOfKey;

    this.#latest[number] = undefined;
    this.#numbers.delete(key);
    this.#free.push(number);
    this.keys.unsettled--;
    this.keys.tell();
    if (this.keys.unsettled === 0) this.#shrink();
    return undefined;
  }

  /** The memory of a crowd goes back, that of the everyday coming and going stays. */
  #shrink(): void {
    if (this.#first.length <= 1_024) return;
    this.#first = [];
    this.#latest = [];
    this.#free = [];
    this.#flushedOfKey = [];
  }

  isFlushed({ ordinal, number }: Batch): boolean {
    return ordinal <= this.flushed || ordinal <= (this.#flushedOfKey[number] as number);
  }

  /** Closes the window of the key's latest batch, and has those before it hurry. To flush it again is to wait for the same. */
  flushOne(batch: Batch): Promise<unknown> {
    if (batch.flushed) return batch.flushed;
    const flushed = resolved.then(() => settledUpTo(batch));
    batch.shared.mailbox.look(batch.number);
    batch.flushed = flushed;
    batch.isClosed = true;
    this.#flushedOfKey[batch.number] = batch.ordinal;
    return flushed;
  }

  /** Those under way, of each key one. */
  underWay(): Batch[] {
    return this.#first.filter((batch) => batch !== undefined);
  }
}

/** Resolves when the runs of a batch have settled, and those of the batches of its key before. */
function settledUpTo(batch: Batch): Promise<unknown> {
  const settled: Promise<unknown>[] = [batch.settled];
  let before = batch.previousOfKey;
  for (; before && !before.flushed; before = before.previousOfKey) settled.push(before.settled);
  return Promise.all([before?.flushed, ...settled]);
}
