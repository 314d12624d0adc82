import type { Action, CallMode, ThenableMode } from './scenario.js';

/** A call of the processor that hangs. */
export interface Held {
  succeed(): void;
  fail(stored: boolean): void;
  conflict(): void;
}

/** One call: what it does when it goes well, when it fails, and who is told. */
export interface Plan {
  mode: CallMode;
  signal(): AbortSignal;
  /** It goes well: what it resolves to, or what it rejects with. */
  succeed(): { value: unknown } | { cause: unknown };
  /** It fails with this: perhaps all has been stored all the same. */
  fail(cause: unknown, isStored: boolean): void;
  cause: unknown;
  /** What it rejects with if it conflicts. */
  conflict(): unknown;
}

/** How calls are answered: at once, with a promise, or when an event ends them. */
export class Answers {
  readonly held: Held[] = [];
  readonly #thenables: ThenableMode;

  constructor(thenables: ThenableMode) {
    this.#thenables = thenables;
  }

  answer(plan: Plan): unknown {
    const { mode } = plan;
    switch (mode) {
      case 'value': {
        const success = plan.succeed();
        if ('cause' in success) throw success.cause;
        return success.value;
      }
      case 'promise':
      case 'thenable': {
        const success = plan.succeed();
        if ('cause' in success) return Promise.reject(success.cause);
        return mode === 'promise' ? Promise.resolve(success.value) : thenable(this.#thenables, success.value);
      }
      case 'throws':
        plan.fail(plan.cause, false);
        throw plan.cause;
      case 'rejects':
      case 'conflicts': {
        const cause = mode === 'rejects' ? plan.cause : plan.conflict();
        plan.fail(cause, false);
        return Promise.reject(cause);
      }
      default:
        return this.#hold(plan);
    }
  }

  /** A call that hangs ends. */
  end({ which, how }: Action & { type: 'call ends' }): void {
    const call = this.held[which % Math.max(1, this.held.length)];
    if (how === 'well') call?.succeed();
    else if (how === 'in conflict') call?.conflict();
    else call?.fail(how === 'badly, but stored');
  }

  #hold(plan: Plan): Promise<unknown> {
    return new Promise((resolve, reject) => {
      let isHeld = true;
      const end = (how: () => void) => {
        if (!isHeld) return;
        isHeld = false;
        this.held.splice(this.held.indexOf(held), 1);
        how();
      };
      const fail = (cause: unknown, isStored: boolean) =>
        end(() => {
          plan.fail(cause, isStored);
          reject(cause);
        });
      const held: Held = {
        succeed: () =>
          end(() => {
            const success = plan.succeed();
            if ('cause' in success) reject(success.cause);
            else resolve(success.value);
          }),
        fail: (isStored) => fail(plan.cause, isStored),
        conflict: () => fail(plan.conflict(), false),
      };
      this.held.push(held);
      if (plan.mode !== 'obeys') return;
      const signal = plan.signal();
      const obey = () => fail(signal.reason, false);
      if (signal.aborted) obey();
      else signal.addEventListener('abort', obey, { once: true });
    });
  }
}

/** Comes to the value, and misbehaves: what it does besides does not count. */
function thenable(mode: ThenableMode, value: unknown): PromiseLike<unknown> {
  const calls = {
    twice: (resolve: (value: unknown) => void) => {
      resolve(value);
      resolve('again');
    },
    late: async (resolve: (value: unknown) => void) => {
      resolve(value);
      for (let turn = 0; turn < 10; turn++) await undefined;
      resolve('again');
    },
    throws: (resolve: (value: unknown) => void) => {
      resolve(value);
      throw new Error('too late');
    },
  };
  if (mode === 'twice') return { then: calls.twice } as unknown as PromiseLike<unknown>;
  // The platform takes a native promise as it is, or calls its `then`: it comes to the same.
  const then = calls[mode === 'own then' ? 'twice' : mode];
  return Object.defineProperty(Promise.resolve(value), 'then', { value: then });
}
