import type { Cancellation } from './cancellation.js';
import { type AnyOperation, Kind, operate } from './operations.js';
import { resolved, type Scope } from './scope.js';
import type { Shared } from './shared.js';
import type { Tally } from './tally.js';
import { Turns } from './turns.js';

const none: never[] = [];

/**
 * The runs of one batch, and the resource that they run on. A run is a place in these lists, and no object: there are
 * many of them. Only one that can be cancelled has a promise of its own, besides its turn.
 */
export class Runs extends Turns {
  /** The key's number, for the engine. */
  readonly number: number;
  readonly shared: Shared;
  resource: unknown = undefined;
  /** Whether an operation has changed it. */
  isChanged = false;
  /** Flushed by itself, failed or ended. There are other reasons for a closed window: see `Batches.isOpen`. */
  isClosed = false;
  /** The number of operations that have run: if they ran several times, the last time. */
  operations = 0;

  /** The operations; once they have run, what they returned. */
  #values: unknown[] = none;
  /** The operations that have run, if they may have to run again. */
  #operations: AnyOperation[] | undefined = undefined;
  /** From the first place on that is no plain run. */
  #kinds: Kind[] | undefined = undefined;
  /** Where the platform has asynchronous contexts. */
  #scopes: Scope[] | undefined = undefined;
  #cancellations: (Cancellation | undefined)[] | undefined = undefined;
  /** What operations threw. Kept apart from the values, which are not looked at. */
  #errors: Map<number, unknown> | undefined = undefined;
  /** Why all of them fail, if they do. */
  #failure: (() => Error) | undefined = undefined;

  #executed = 0;
  /** The window is open, and what joins is executed soon. */
  #isExecuting = false;
  #executesSoon = false;
  readonly #generation: Tally;
  /** It counts there as unsettled. */
  #isCounted = false;

  constructor(number: number, shared: Shared) {
    super();
    this.number = number;
    this.shared = shared;
    this.#generation = shared.generation;
  }

  /** With those that have been cancelled. */
  get count(): number {
    return this.#values.length;
  }

  /** The context of the first. */
  get scope(): Scope | undefined {
    return this.#scopes?.[0];
  }

  /** Whether none of those that wait may change the resource. */
  get areOnlyReads(): boolean {
    for (let place = this.#executed; place < this.count; place++) {
      if (this.#kinds?.[place] !== Kind.Read && !this.#cancellations?.[place]?.isCancelled) return false;
    }
    return true;
  }

  /**
   * Adds a run. First comes what can fail, as any call does where the stack ends, and does no harm then; after that there
   * are only stores.
   */
  add(kind: Kind, operation: AnyOperation, scope?: Scope, cancellation?: Cancellation): Promise<unknown> {
    const { settings, mailbox } = this.shared;
    const place = this.count;
    if (place + 1 >= settings.maxOperations) mailbox.look(this.number);
    if (this.#isExecuting && !this.#executesSoon) {
      resolved.then(() => this.#executeArrived());
      this.#executesSoon = true;
    }
    if (kind !== Kind.Run) this.#kinds ??= Array(place).fill(Kind.Run);
    const promise = this.nextTurn();

    // Most batches have just one run: an array that is made with it takes a tenth of the memory.
    if (place === 0) this.#values = [operation];
    else this.#values[place] = operation;
    if (this.#kinds) this.#kinds[place] = kind;
    if (scope && !this.#scopes) this.#scopes = [scope];
    else if (scope && this.#scopes) this.#scopes[place] = scope;
    if (!this.#isCounted) this.#generation.unsettled++;
    this.#isCounted = true;
    this.unsettled++;
    this.shared.pending++;
    if (!cancellation) return promise;
    this.#cancellations ??= [];
    this.#cancellations[place] = cancellation;
    cancellation.runs = this;
    return cancellation.promise;
  }

  /** Tells those who wait, if all have settled or been cancelled. To ask once too often does no harm. */
  override tell(): void {
    super.tell();
    if (this.isWanted || !this.#isCounted) return;
    // Nobody waits for the batch any more: so it does not wait for a place.
    if (!this.isClosed) this.shared.mailbox.look(this.number);
    this.#isCounted = false;
    this.#generation.unsettled--;
    this.#generation.tell();
  }

  /** Executes those that wait; with `isLast` for the last time, otherwise from now on also those that arrive. */
  execute(isLast: boolean): void {
    const { waiting } = this.shared.mailbox;
    this.#isExecuting = !isLast;
    if (isLast) waiting.delete(this.number);
    else waiting.add(this.number);
    this.#executeWaiting();
  }

  #executeArrived(): void {
    this.#executesSoon = false;
    if (this.#isExecuting) this.#executeWaiting();
  }

  /** What they add themselves is not executed in the same turn. */
  #executeWaiting(): void {
    const end = this.count;
    if (!this.#executed) this.operations = 0;
    while (this.#executed < end) {
      const place = this.#executed++;
      if (this.#cancellations?.[place]?.take() !== false) this.#execute(place);
    }
  }

  #execute(place: number): void {
    const operation = this.#values[place] as AnyOperation;
    this.operations++;
    if (this.shared.settings.retries > 0) {
      this.#operations ??= [];
      this.#operations[place] = operation;
    }
    try {
      const value = operate(operation, this.resource, this.#scopes?.[place]);
      this.#values[place] = value;
      const kind = this.#kinds?.[place];
      if (kind === Kind.Read) return;
      if (kind === Kind.Update) this.resource = value;
      this.isChanged = true;
    } catch (error) {
      this.#values[place] = undefined;
      this.#errors ??= new Map();
      this.#errors.set(place, error);
    }
  }

  /** All operations are to run again. Those that were cancelled have no part in it. */
  startOver(): void {
    this.#operations?.forEach((operation, place) => {
      this.#values[place] = operation;
    });
    this.#errors = undefined;
    this.#executed = 0;
    this.isChanged = false;
  }

  /** Settles all, in order: each with its own outcome, or with a failure. */
  settle(failure: (() => Error) | undefined): void {
    this.isClosed = true;
    this.#isExecuting = false;
    this.#failure = failure;
    for (const cancellation of this.#cancellations ?? none) cancellation?.take();
    this.#scopes = this.#operations = this.resource = undefined;
    if (this.shared.settings.retries > 0) this.shared.mailbox.waiting.delete(this.number);
    this.beginTurns();
    this.shared.pending -= this.unsettled;
    this.unsettled = 0;
    this.tell();
  }

  protected tellAt(place: number): unknown {
    const cancellation = this.#cancellations?.[place];
    return cancellation ? cancellation.settle(place) : this.outcome(place);
  }

  /** Returns or throws what has come of a run. */
  outcome(place: number): unknown {
    if (this.#failure) throw this.#failure();
    if (this.#errors?.has(place)) throw this.#errors.get(place);
    return this.#values[place];
  }
}
