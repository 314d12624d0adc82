/** Counts what has not settled yet. To wait for it costs the same, whatever is pending. */
export class Tally {
  unsettled = 0;
  #waiting: { settled: Promise<void>; settle: () => void } | undefined = undefined;

  /** Whether anything is left. */
  get isWanted(): boolean {
    return this.unsettled > 0;
  }

  /** Resolves when nothing is left. Whoever waits for what is counted hears first. */
  get settled(): Promise<void> {
    if (this.unsettled === 0) return Promise.resolve();
    if (!this.#waiting) {
      let settle!: () => void;
      const settled = new Promise<void>((resolve) => {
        settle = resolve;
      });
      this.#waiting = { settled, settle };
    }
    return this.#waiting.settled;
  }

  /** Tells those who wait, if nothing is left. */
  tell(): void {
    if (this.unsettled === 0) this.#waiting?.settle();
  }
}
