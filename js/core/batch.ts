import { Context, ENDED } from './context.js';
import { BatchError, isConflict } from './errors.js';
import { report } from './report.js';
import { Runs } from './runs.js';
import { resolved } from './scope.js';
import { mistyped } from './settings.js';
import type { Shared } from './shared.js';
import { isThenable } from './thenables.js';
import type { BatchPhase, Release } from './types.js';

/** What a batch calls for; `Phase` in src/engine/error.rs has the same numbers. */
export enum Phase {
  Lock,
  Load,
  Save,
}

const phases: readonly BatchPhase[] = ['lock', 'load', 'save'];

/** What has come of a call; src/js/host.rs reads the numbers. */
export enum Outcome {
  Succeeded,
  Failed,
  Conflict,
  UnderWay,
}

/** One batch: its runs, and its calls for their resource, one at a time. What happens when is decided by the engine. */
export class Batch extends Runs {
  readonly key: string | number;
  /** Batches that were opened before have smaller ones. */
  readonly ordinal: number;
  /** The batches of the same key before and after this one. */
  previousOfKey: Batch | undefined = undefined;
  nextOfKey: Batch | undefined = undefined;
  /** Resolves when its runs have settled, and those of the batches of its key before. */
  flushed: Promise<unknown> | undefined = undefined;

  #madeContext: Context | undefined = undefined;
  #phase = Phase.Lock;
  /** What the latest call has failed with, if it has. */
  #cause: unknown = undefined;
  #release: Release | undefined = undefined;

  constructor(key: string | number, number: number, ordinal: number, shared: Shared) {
    super(number, shared);
    // Of 0 and -0, which are one key, the callbacks see 0.
    this.key = key === 0 ? 0 : key;
    this.ordinal = ordinal;
  }

  /** What all three callbacks get. */
  get #context(): Context {
    this.#madeContext ??= new Context(this.key, this.shared.settings.minDuration);
    return this.#madeContext;
  }

  /** The context of the first run is that of the calls. What comes of them is awaited in the same, so that it keeps no other alive. */
  call(phase: Phase): Outcome {
    this.#phase = phase;
    const { scope } = this;
    return scope ? scope.runInAsyncScope(call, undefined, this) : this.callInScope();
  }

  callInScope(): Outcome {
    try {
      const result = this.#result();
      if (!isThenable(result)) return this.receive(result);
      this.#wait(result);
      return Outcome.UnderWay;
    } catch (cause) {
      return this.fail(cause);
    }
  }

  #result(): unknown {
    const { lockResource, loadResource, saveResource } = this.shared.settings;
    if (this.#phase === Phase.Lock) return lockResource?.(this.key, this.#context);
    if (this.#phase === Phase.Load) return loadResource?.(this.key, this.#context);
    return saveResource?.(this.key, this.resource, this.#context);
  }

  /** `await` takes at most one outcome of whatever it gets, and never in the midst of something else. */
  async #wait(result: PromiseLike<unknown>): Promise<void> {
    let outcome: Outcome;
    try {
      outcome = this.receive(await result);
    } catch (cause) {
      outcome = this.fail(cause);
      // A promise whose constructor throws has failed at once, in the midst of the call.
      await resolved;
    }
    this.shared.mailbox.done(this.number, outcome);
  }

  /** Goes into a call with others. */
  enter(phase: Phase): Context {
    this.#phase = phase;
    const context = this.#context;
    context.resource = this.resource;
    return context;
  }

  /** What a call has come to. */
  receive(value: unknown): Outcome {
    if (this.#phase === Phase.Load) this.resource = value;
    if (this.#phase === Phase.Lock && value !== undefined) {
      if (typeof value !== 'function') {
        throw mistyped('What lockResource returns', 'a function or undefined', value);
      }
      this.#release = value as Release;
    }
    return Outcome.Succeeded;
  }

  /** No run joins a batch that has failed. */
  fail(cause: unknown): Outcome {
    this.#cause = cause;
    this.isClosed = true;
    if (!isConflict(cause)) return Outcome.Failed;
    // A flush does not wait for the time between two attempts.
    if (this.shared.settings.retries > 0) this.shared.mailbox.waiting.add(this.number);
    return Outcome.Conflict;
  }

  /** That is the end of a batch: no run joins it any more. */
  release(): void {
    this.isClosed = true;
    const release = this.#release;
    this.#release = undefined;
    try {
      release?.();
    } catch (error) {
      report(error);
    }
  }

  abort(why: () => unknown): void {
    this.#context.abort(why);
  }

  get isAborted(): boolean {
    return this.#context.isAborted;
  }

  /** Makes the error for one more caller. */
  failure(): () => BatchError {
    const [phase, operations, cause] = [phases[this.#phase] as BatchPhase, this.operations, this.#cause];
    return () => new BatchError(phase, this.key, operations, cause);
  }

  end(failure: (() => Error) | undefined): void {
    this.settle(failure);
    this.#madeContext?.abort(ENDED);
  }
}

function call(batch: Batch): Outcome {
  return batch.callInScope();
}
