import { OperationCancelledError } from './errors.js';
import type { Runs } from './runs.js';
import { resolved } from './scope.js';
import { attach, type Cancellable, detach, isAborted, reasonOf } from './signals.js';
import { madeWith } from './turns.js';

/** What a run with a signal has besides: a promise of its own, which may have to settle early. */
export class Cancellation implements Cancellable {
  /** Among which the run is, once it has been accepted. */
  runs: Runs | undefined = undefined;
  isCancelled = false;
  readonly promise: Promise<unknown>;
  readonly #key: string | number;
  readonly #signal: AbortSignal;
  #resolve!: (value: unknown) => void;
  #reject!: (error: unknown) => void;
  #isTaken = false;

  constructor(key: string | number, signal: AbortSignal) {
    this.#key = key;
    this.#signal = signal;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    madeWith(this.#reject, this.promise);
    attach(signal, this);
  }

  /** Where the stack ends it may fail before the first store; then the run is cancelled when its turn comes. */
  cancel(reason: unknown): void {
    const { runs } = this;
    if (!runs || this.isCancelled || this.#isTaken) return;
    const error = new OperationCancelledError(this.#key, reason);
    resolved.then(() => runs.tell());
    this.isCancelled = true;
    runs.unsettled--;
    runs.shared.pending--;
    this.#reject(error);
  }

  /** The run's turn has come: from now on it cannot be cancelled any more. False if it has been. */
  take(): boolean {
    if (!this.#isTaken) {
      // Another listener may have kept the event from this one.
      if (isAborted(this.#signal)) this.cancel(reasonOf(this.#signal));
      this.#isTaken = true;
      detach(this.#signal, this);
    }
    return !this.isCancelled;
  }

  settle(place: number): void {
    if (this.isCancelled) return;
    try {
      this.#resolve(this.runs?.outcome(place));
    } catch (error) {
      this.#reject(error);
    }
  }
}
