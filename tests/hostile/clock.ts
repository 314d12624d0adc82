import { settleDown } from '../node/support.js';

interface Timer {
  due: number;
  callback: () => void;
}

/**
 * A clock that a test moves: other than the usual fake timers it can also go on while no timer fires, as it does during synchronous work.
 */
export class Clock {
  now = 0;
  readonly #timers = new Map<number, Timer>();
  readonly #real = {
    setTimeout: globalThis.setTimeout,
    clearTimeout: globalThis.clearTimeout,
    now: performance.now,
  };
  #count = 0;

  install(): void {
    globalThis.setTimeout = ((callback: () => void, delay = 0) => {
      this.#timers.set(++this.#count, { due: this.now + delay, callback });
      return this.#count;
    }) as unknown as typeof setTimeout;
    globalThis.clearTimeout = ((timer: number) => void this.#timers.delete(timer)) as typeof clearTimeout;
    performance.now = () => this.now;
  }

  uninstall(): void {
    const { setTimeout, clearTimeout, now } = this.#real;
    Object.assign(globalThis, { setTimeout, clearTimeout });
    performance.now = now;
  }

  /** Time passes, and nothing else can happen. */
  work(milliseconds: number): void {
    this.now += milliseconds;
  }

  /** Time passes, and what is due happens, each at its time. */
  async advanceTo(time: number): Promise<void> {
    await settleDown();
    for (let next = this.#next(time); next; next = this.#next(time)) {
      const [number, timer] = next;
      this.#timers.delete(number);
      this.now = Math.max(this.now, timer.due);
      timer.callback();
      await settleDown();
    }
    this.now = Math.max(this.now, time);
  }

  #next(time: number): [number, Timer] | undefined {
    return [...this.#timers].filter(([, { due }]) => due <= time).sort(([, a], [, b]) => a.due - b.due)[0];
  }
}
