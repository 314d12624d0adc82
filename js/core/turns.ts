import { Tally } from './tally.js';

type Resolve = (turns: Turns) => void;

/** The function of the promise that is just being made: an executor that needs no closure. */
let resolveMade: Resolve | undefined;

function capture(resolve: Resolve): void {
  resolveMade = resolve;
}

/**
 * Where the stack ends, an executor may not have been called: then the promise is rejected, and its functions are missing.
 *
 * @throws RangeError if they are.
 */
export function madeWith<Made>(made: Made | undefined, promise: Promise<unknown>): Made {
  if (made) return made;
  promise.catch(() => {});
  throw new RangeError('Maximum call stack size exceeded');
}

/**
 * The promises of callers who all hear at one time: reactions to one promise. They find what they are to hear by
 * counting, since the reactions to a promise take place in the order in which they were made.
 */
export abstract class Turns extends Tally {
  #told = 0;
  readonly #ended: Promise<Turns>;
  readonly #end: Resolve;

  constructor() {
    super();
    this.#ended = new Promise<Turns>(capture);
    const end = resolveMade;
    // It would keep the promise alive, and with it whatever comes of it.
    resolveMade = undefined;
    this.#end = madeWith(end, this.#ended);
  }

  /** The promise of the next caller. */
  protected nextTurn(): Promise<unknown> {
    return this.#ended.then(tellNext);
  }

  /** All have their turn, one after the other. */
  protected beginTurns(): void {
    this.#end(this);
  }

  tellNext(): unknown {
    return this.tellAt(this.#told++);
  }

  /** What the caller at this place is to hear: returned, or thrown. */
  protected abstract tellAt(place: number): unknown;
}

function tellNext(turns: Turns): unknown {
  return turns.tellNext();
}
