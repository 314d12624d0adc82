import type { Batch, Truth } from './batch.js';

/** When the signal of a batch aborts, and why. */
export class Abort {
  readonly #batch: Batch;
  /** Why a stop() has given the batch up, or more of them have. */
  readonly #stopReasons: unknown[] = [];
  /** The turn in which that was certain. */
  #givenUpIn: number | undefined;
  /** Whether the batch had timed out when it ended. */
  #timedOut: Truth | undefined;

  constructor(batch: Batch) {
    this.#batch = batch;
  }

  giveUp(reason: unknown, turn?: number): void {
    this.#stopReasons.push(reason);
    this.#givenUpIn ??= turn;
  }

  /** The batch ends. */
  ends(turn: number): void {
    // Which of the two came first in this turn is not said.
    if (this.#givenUpIn === turn) this.#givenUpIn = undefined;
    this.#timedOut = this.#timeout;
  }

  /** Whether the batch has timed out, or a stop() has given it up. */
  get has(): Truth {
    const timeout = this.#timeout;
    if (this.#givenUpIn !== undefined || timeout === 'yes') return 'yes';
    return this.#stopReasons.length > 0 || timeout === 'maybe' ? 'maybe' : 'no';
  }

  /** Whether that was so before this turn. */
  hadBefore(turn: number): boolean {
    return (this.#givenUpIn !== undefined && this.#givenUpIn < turn) || this.#timeout === 'yes';
  }

  get #timeout(): Truth {
    const { deadlines, mayHaveEnded } = this.#batch;
    return this.#timedOut ?? deadlines.timeout(mayHaveEnded?.at);
  }

  /** What is wrong with the signal, if anything is, when all is quiet. */
  get wrong(): string | undefined {
    const { aborted, reason } = this.#batch.given.signal;
    if (!aborted) return this.#due;
    if (this.#stopReasons.includes(reason)) return undefined;
    const { name } = reason ?? {};
    const timeout = this.#timeout;
    if (name === 'TimeoutError' && timeout !== 'no') return undefined;
    if (name !== 'AbortError' || !(this.#batch.endedAt || this.#batch.mayEnd))
      return `it aborted with ${String(reason)}`;
    if (timeout === 'yes') return 'it aborted with an AbortError after its maxDuration';
    if (this.#givenUpIn !== undefined) return 'it aborted with an AbortError after stop() had given it up';
    return undefined;
  }

  /** Why it should have aborted. */
  get #due(): string | undefined {
    if (this.#batch.endedAt) return 'the batch has ended';
    if (this.#timeout === 'yes') return 'its maxDuration is over';
    return this.#givenUpIn === undefined ? undefined : 'stop() has given it up';
  }
}
