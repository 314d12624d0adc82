import type { BatchContext, CallContext } from './types.js';

/** Makes the reason, if somebody reads the signal. */
type Why = () => unknown;

export const TIMED_OUT: Why = () => new DOMException('The batch has reached its maxDuration', 'TimeoutError');
/** Nothing of the batch may linger. */
export const ENDED: Why = () => new DOMException('The batch has ended', 'AbortError');

/** Something that can be given up. Its signal costs as much as a whole batch: it is made when it is first read. */
class Abortable {
  #controller: AbortController | undefined = undefined;
  protected why: Why | undefined = undefined;

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.why) this.#controller.abort(this.why());
    }
    return this.#controller.signal;
  }

  get isAborted(): boolean {
    return this.why !== undefined;
  }

  /** The first reason counts. */
  abort(why: Why): void {
    if (this.why) return;
    this.why = why;
    this.#controller?.abort(why());
  }
}

/** What the callbacks of one batch get. */
export class Context extends Abortable implements BatchContext<string | number> {
  readonly key: string | number;
  /** That of the processor. Nothing promises it, but it tells the package's own stores whether time lies between load and save. */
  readonly minDuration: number;
  /** For a save together with others. */
  resource: unknown = undefined;
  #call: SharedContext | undefined = undefined;

  constructor(key: string | number, minDuration: number) {
    super();
    this.key = key;
    this.minDuration = minDuration;
  }

  /** It is in a call with others, or no more. */
  share(call: SharedContext | undefined): void {
    this.#call = call;
    if (this.why) call?.leave(this.why);
  }

  override abort(why: Why): void {
    const isFirst = !this.why;
    super.abort(why);
    if (isFirst) this.#call?.leave(why);
  }
}

/**
 * What a call for several batches gets. None is given up because another one has been waiting longer: the signal aborts
 * with the last of theirs.
 */
export class SharedContext extends Abortable implements CallContext {
  #left: number;

  constructor(contexts: readonly Context[]) {
    super();
    this.#left = contexts.length;
    for (const context of contexts) context.share(this);
  }

  leave(why: Why): void {
    if (--this.#left === 0) this.abort(why);
  }
}
