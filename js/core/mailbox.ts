import type { Engine } from '../../pkg/groupcommit.js';
import { enter } from './failure.js';
import { resolved } from './scope.js';

/**
 * All that is told to the engine goes through here, and enters it on an empty stack. Callers may be in the midst of
 * anything: in an operation that the engine is waiting for, or where the stack has come to its end. What they have to
 * tell waits for a turn of its own.
 *
 * The order of what it tells does not matter: the engine only hears where to look.
 */
export class Mailbox {
  /** Made on an empty stack as well, with the first message. */
  #engine: Engine | undefined = undefined;
  readonly #createEngine: () => Engine;
  /** Keys, each followed by when its batch was opened. */
  #toServe: number[] = [];
  #toLookAt: number[] = [];
  #looksAtAll = false;
  /** The keys whose batches wait for something that a flush ends: the end of the window, or of the time between two attempts. */
  readonly waiting = new Set<number>();
  #isScheduled = false;

  constructor(createEngine: () => Engine) {
    this.#createEngine = createEngine;
  }

  /** A key that was not served has runs, from now on. */
  serve(key: number): void {
    this.#schedule();
    this.#toServe.push(key, performance.now());
  }

  /** The window of a key's batch has changed, or is about to in this very turn. */
  look(key: number): void {
    this.#schedule();
    this.#toLookAt.push(key);
  }

  /** The windows of all batches may have changed. */
  lookAtAll(): void {
    this.#schedule();
    this.#looksAtAll = true;
  }

  /** What a batch waited for is done. Told from the reaction to a promise, so the stack is empty. */
  done(key: number, outcome: number): void {
    enter(() => {
      this.#deliver();
      this.#engine?.done(key, outcome);
    });
  }

  /** The same for several. */
  doneTogether(batches: readonly { number: number }[], outcomes: readonly number[]): void {
    enter(() => {
      this.#deliver();
      batches.forEach(({ number }, place) => {
        this.#engine?.done(number, outcomes[place] as number);
      });
    });
  }

  /** The flag comes last: if the stack ends before it, there will be a turn too many, and no harm. */
  #schedule(): void {
    if (this.#isScheduled) return;
    resolved.then(this.#turn);
    this.#isScheduled = true;
  }

  readonly #turn = () => enter(() => this.#deliver());

  #deliver(): void {
    this.#isScheduled = false;
    const [toServe, toLookAt, looksAtAll] = [this.#toServe, this.#toLookAt, this.#looksAtAll];
    this.#toServe = [];
    this.#toLookAt = [];
    this.#looksAtAll = false;
    this.#engine ??= this.#createEngine();
    for (let i = 0; i < toServe.length; i += 2)
      this.#engine.serve(toServe[i] as number, toServe[i + 1] as number);
    for (const key of toLookAt) this.#engine.look(key);
    if (!looksAtAll) return;
    for (const key of this.waiting) this.#engine.look(key);
    this.#engine.lookAtWaiting();
  }
}
