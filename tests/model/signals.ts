import { getEventListeners } from 'node:events';

/** The signals of callers, by number. A listener of somebody else's comes before that of the processor. */
export class Signals {
  readonly #controllers = new Map<number, AbortController>();
  /** Those whose abort nobody else hears of. */
  readonly #muted = new Set<number>();
  readonly #heard: () => void;

  constructor(heard: () => void) {
    this.#heard = heard;
  }

  get(number: number): AbortSignal {
    return this.#controller(number).signal;
  }

  abort(number: number, reason: unknown, isMuted: boolean): void {
    if (isMuted) this.#muted.add(number);
    this.#controller(number).abort(reason);
  }

  /** How many listeners are left besides. */
  get listeners(): number {
    let count = 0;
    for (const { signal } of this.#controllers.values()) {
      count += getEventListeners(signal, 'abort').length - (signal.aborted ? 0 : 1);
    }
    return count;
  }

  #controller(number: number): AbortController {
    const known = this.#controllers.get(number);
    if (known) return known;
    const controller = new AbortController();
    const heard = (event: Event) => {
      if (this.#muted.has(number)) event.stopImmediatePropagation();
      this.#heard();
    };
    controller.signal.addEventListener('abort', heard, { once: true });
    this.#controllers.set(number, controller);
    return controller;
  }
}
