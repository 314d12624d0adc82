/**
 * A virtual clock in place of the platform's. Timers fire only when time is told to pass; they can be late, and they can be lost. A frozen
 * clock shows the same time for ever while its timers go on: that is what a page sees whose `setTimeout` is faked and whose `performance` is not.
 */
export class Clock {
  /** The time that timers go by. */
  now = 0;
  /** For how long altogether the event loop has been blocked. */
  blocked = 0;
  /** A timer has fired in this turn, or the event loop was blocked: what follows from that has perhaps not happened yet. */
  isTurning = false;
  readonly isFrozen: boolean;
  readonly #random: readonly number[];
  #timers: Timer[] = [];
  #count = 0;

  /** What is random is these numbers, over and over again. */
  constructor(isFrozen: boolean, random: readonly number[]) {
    this.isFrozen = isFrozen;
    this.#random = random;
  }

  /** The time that the clock shows. */
  get shown(): number {
    return this.isFrozen ? 0 : this.now;
  }

  get armed(): number {
    return this.#timers.length;
  }

  /** When the next timer fires. */
  get next(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { due } of this.#timers) if (due < next) next = due;
    return next;
  }

  /** What is due now has perhaps not happened yet. */
  get isLate(): boolean {
    return this.isTurning || this.next <= this.now;
  }

  block(time: number): void {
    this.now += time;
    this.blocked += time;
    this.isTurning = true;
  }

  lose(): void {
    this.#timers = [];
  }

  /** Fires the next timer, if it is due. Of two that are due at once it is the one that was armed first. */
  fire(): boolean {
    const { next } = this;
    if (next > this.now) return false;
    const place = this.#timers.findIndex(({ due }) => due === next);
    const [timer] = this.#timers.splice(place, 1);
    this.isTurning = true;
    timer?.callback();
    return true;
  }

  /** Puts this clock in place of the platform's; the function that it returns puts that back. */
  install(): () => void {
    const { setTimeout, clearTimeout, Date: platformDate } = globalThis;
    const { random } = Math;
    let drawn = 0;
    Math.random = () => this.#random[drawn++ % this.#random.length] as number;
    const dateNow = () => epoch + this.shown;
    const own = globalThis as Record<string, unknown>;
    own.setTimeout = (callback: () => void, delay = 0) => {
      this.#timers.push({ id: ++this.#count, due: this.now + Math.max(0, Math.trunc(delay)), callback });
      return this.#count;
    };
    own.clearTimeout = (cleared: number) => {
      this.#timers = this.#timers.filter(({ id }) => id !== cleared);
    };
    own.Date = class extends platformDate {
      static override now = dateNow;
      constructor(time = dateNow()) {
        super(time);
      }
    };
    Object.defineProperty(performance, 'now', {
      value: () => this.shown,
      configurable: true,
      writable: true,
    });
    return () => {
      Object.assign(globalThis, { setTimeout, clearTimeout, Date: platformDate });
      Math.random = random;
      // What is left is the platform's own, of the prototype.
      delete (performance as Partial<Performance>).now;
    };
  }
}

interface Timer {
  id: number;
  due: number;
  callback: () => void;
}

/** What Date.now() tells at the virtual time 0. */
export const epoch = 1_700_000_000_000;
