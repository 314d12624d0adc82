import type { Mutant } from './mutant.js';

/** What becomes of runs, and who hears of it: changes of the package's own code. */
export const runs: Mutant[] = [
  {
    name: 'looks at values',
    breaks: 'values are not looked at',
    patch: {
      file: 'core/runs.ts',
      find: 'this.#failure = failure;',
      replace: 'this.#failure = failure; for (const value of this.#values) (value as any)?.constructor;',
    },
  },
  {
    name: 'settles by hand',
    breaks: 'a value that is revoked before the batch ends reaches at most its own run',
    patch: {
      file: 'core/runs.ts',
      find: 'this.beginTurns();',
      replace: `try {
      for (const value of this.#values) (value as any)?.then;
    } catch {
      return;
    }
    this.beginTurns();`,
    },
  },
  {
    name: 'settles from the back',
    breaks: 'its runs settle together, in order',
    patch: {
      file: 'core/runs.ts',
      find: 'for (const cancellation of this.#cancellations ?? none) cancellation?.take();',
      replace: `for (const cancellation of this.#cancellations ?? none) cancellation?.take();
    for (let place = this.count; place-- > 0; ) this.#cancellations?.[place]?.settle(place);`,
    },
  },
  {
    name: 'the outcome of another',
    breaks: "the operation's return value",
    patch: {
      file: 'core/runs.ts',
      find: 'return cancellation ? cancellation.settle(place) : this.outcome(place);',
      replace: 'return cancellation ? cancellation.settle(place) : this.outcome(this.count - 1 - place);',
    },
  },
  {
    name: 'one error for all',
    breaks: 'each caller gets its own BatchError object',
    patch: {
      file: 'core/batch.ts',
      find: 'return () => new BatchError(phase, this.key, operations, cause);',
      replace: 'const error = new BatchError(phase, this.key, operations, cause); return () => error;',
    },
  },
  {
    name: 'a promise for a value',
    breaks: 'an operation that returns a thenable is a mistake',
    patch: {
      file: 'core/operations.ts',
      find: 'if (isThenable(value)) throw notSynchronous(value);',
      replace: 'if (isThenable(value)) notSynchronous(value);',
    },
  },
  {
    name: 'a promise left unhandled',
    breaks: 'the rejection of a promise that an operation returned is not left unhandled',
    patch: {
      file: 'core/thenables.ts',
      find: 'Promise.prototype.then.call(promise as Promise<unknown>, undefined, () => {});',
      replace: '',
    },
  },
  {
    name: 'no look at the signal when its turn comes',
    breaks:
      'a signal counts as aborted when `signal.aborted` says so, whatever its listeners did to the event',
    patch: {
      file: 'core/cancellation.ts',
      find: 'if (isAborted(this.#signal)) this.cancel(reasonOf(this.#signal));',
      replace: '',
    },
  },
  {
    name: 'cancelled after it ran',
    breaks: 'after the operation ran, the signal is ignored',
    patch: {
      file: 'core/runs.ts',
      find: 'if (this.#cancellations?.[place]?.take() === false) this.#cancelled++;',
      replace: 'if (this.#cancellations?.[place]?.isCancelled) this.#cancelled++;',
    },
  },
  {
    name: 'cancelled and pending',
    breaks: 'pending is the number of runs accepted and not settled yet',
    patch: { file: 'core/cancellation.ts', find: 'runs.shared.pending--;', replace: '' },
  },
  {
    name: 'a listener that stays',
    breaks: 'no listener is left on a signal when its runs have settled',
    patch: {
      file: 'core/signals.ts',
      find: 'if (listener?.delete(cancellable) && listener.size === 0) {',
      replace: 'if (listener?.delete(cancellable) && listener.size < 0) {',
    },
  },
];
