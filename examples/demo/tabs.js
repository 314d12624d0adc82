// What the tabs of the demo tell each other: the state that they share, and how many updates each has seen saved.

const me = crypto.randomUUID();
const silence = 3000;

/** One of the tabs that take part in the same race. */
export class Tabs {
  #channel = new BroadcastChannel('groupcommit demo');
  #others = new Map();
  #state;
  #onState;

  /**
   * @param {object} state what this tab starts with, unless another tab tells otherwise
   * @param {(state: object) => void} onState called when another tab has changed it
   */
  constructor(state, onState) {
    this.#state = state;
    this.#onState = onState;
    this.#channel.onmessage = ({ data }) => this.#receive(data);
    this.#channel.postMessage({ from: me, hello: true });
    addEventListener('pagehide', () => this.#channel.postMessage({ from: me, bye: true }));
  }

  get state() {
    return this.#state;
  }

  /** Changes the state in all tabs. */
  share(change) {
    this.#state = { ...this.#state, ...change };
    this.#channel.postMessage({ from: me, state: this.#state });
  }

  /** Tells the other tabs how many updates this one has seen saved in a race, in each way. */
  tell({ race, saved }) {
    this.#channel.postMessage({ from: me, race, saved });
  }

  /** How many updates the other tabs have seen saved. */
  savedElsewhere(way) {
    let sum = 0;
    for (const { race, saved } of this.#others.values())
      if (race === this.#state.race) sum += saved?.[way] ?? 0;
    return sum;
  }

  get count() {
    const now = performance.now();
    return 1 + [...this.#others.values()].filter(({ left, heard }) => !left && now - heard < silence).length;
  }

  #receive({ from, hello, bye, state, race, saved }) {
    const other = this.#others.get(from) ?? {};
    Object.assign(other, { heard: performance.now(), left: bye }, saved && { race, saved });
    this.#others.set(from, other);
    if (hello) this.#channel.postMessage({ from: me, state: this.#state });
    if (state && state.changed > this.#state.changed) {
      this.#state = state;
      this.#onState(state);
    }
  }
}
