/**
 * What the engine's glue finds in place of the platform's functions of these names. The engine so has its turns and its
 * timers on an empty stack, and nothing that goes wrong in it goes unnoticed.
 */
import { enter } from './failure.js';
import { report } from './report.js';
import { callOutside, resolved } from './scope.js';

/** The next turn of the engine's executor. In Node a reaction to a promise costs a fifth of the platform's queueMicrotask. */
export function queueMicrotask(turn: () => void): void {
  resolved.then(() => enter(turn));
}

export function setTimeout(ring: () => void, delay: number): Timer {
  return new Timer(ring, delay);
}

export function clearTimeout(timer: Timer): void {
  timer.clear();
}

class Timer {
  #timer: unknown;
  #isCleared = false;

  constructor(ring: () => void, delay: number) {
    // Whoever fakes timers lets them go off in the midst of a call: so the engine hears a turn later.
    const soon = () => queueMicrotask(() => this.#isCleared || ring());
    try {
      this.#timer = callOutside(() => globalThis.setTimeout(soon, delay));
    } catch (error) {
      // One that cannot be set is a timer that is lost.
      report(error);
    }
  }

  clear(): void {
    this.#isCleared = true;
    try {
      globalThis.clearTimeout(this.#timer as number);
    } catch (error) {
      report(error);
    }
  }
}
