// What has been promised in a history, and whether it has been kept.

/**
 * A change: an id that is appended to a record.
 *
 * @typedef {object} Change
 * @property {string} place the object store and the key
 * @property {number} begun all times are the test's, in ms
 * @property {string} life of the page that makes it
 * @property {number} [saved] when the test heard that the promise had resolved
 * @property {string} [failed] why it rejected
 * @property {number} [left] when its page was left; it had been loaded, and `flushOnHide` saves it
 */

/** What Chromium says of the database that is being opened to a page, or worker, that ends: it may live to hear it. */
const ENDED = 'The connection was closed.';

/** What the page lives through that its errors may tell of. */
export class Life {
  name;
  /** The version of the database that it asks for. */
  version;
  hasClosedStores = false;
  /** Whether its tab is being closed, or has been. */
  isGone = false;
  /** Whether Firefox has interrupted its engine, as it does to any script that runs when the tab is closed. */
  isInterrupted = false;
  /** How often it has been left. */
  leaves = 0;

  constructor(name, version) {
    this.name = name;
    this.version = version;
  }
}

export class Ledger {
  /** @type {Map<string, Change>} */
  #changes = new Map();
  /** @type {Map<string, Life>} */
  #lives = new Map();
  /** From when it may have taken place to when it had. @type {{ start: number, end: number }[]} */
  #deletions = [];
  #highestVersion = 0;
  /** Whether the browser is Firefox. */
  #interrupts;
  /** What has gone wrong already. @type {string[]} */
  finds = [];
  saved = 0;
  failed = 0;
  left = 0;
  /** Losses that befell what was put by hand as well. */
  lostByHand = 0;
  /** How often nothing settled before pages in the back/forward cache were closed. */
  blocked = 0;
  /** Losses of pages that Firefox has interrupted. */
  interrupted = 0;

  /** @param {'chromium' | 'firefox'} browser */
  constructor(browser) {
    this.#interrupts = browser === 'firefox';
  }

  /** A page is there, for the first time or again. */
  live(name, version) {
    const life = this.#lives.get(name) ?? new Life(name, version);
    this.#lives.set(name, life);
    return life;
  }

  /** From now on a page may upgrade the database. */
  ask(version = 0) {
    this.#highestVersion = Math.max(this.#highestVersion, version);
  }

  begin(id, place, life) {
    this.#changes.set(id, { place, life, begun: performance.now() });
  }

  delete() {
    const deletion = { start: performance.now(), end: Infinity };
    this.#deletions.push(deletion);
    return () => {
      deletion.end = performance.now();
    };
  }

  /** @param {Life} life @param {string[]} ids */
  leave(life, ids) {
    life.leaves++;
    // With a store that was closed, a save has to wait for the database.
    if (life.hasClosedStores) return;
    for (const id of ids) {
      const change = this.#change(id);
      change.left = performance.now();
      change.leaves = life.leaves;
      this.left++;
    }
  }

  find(text) {
    this.finds.push(text);
  }

  /** @param {{ life: string, events: Record<string, string>[] }} told */
  hear({ life, events }) {
    for (const event of events) {
      if (event.error) this.find(`an error in ${life} that nobody caught: ${event.error}`);
      else if (event.saved) {
        this.#change(event.saved).saved = performance.now();
        this.saved++;
      } else this.#fail(life, event);
    }
  }

  #fail(life, { failed, code, phase, name, message }) {
    const error = `${code} in ${phase}: ${name}: ${message}`;
    const author = this.#lives.get(life);
    if (code === 'ERR_ENGINE_FAILED' && author.isGone && this.#interrupts) {
      author.isInterrupted = true;
      return;
    }
    this.#change(failed).failed = error;
    this.failed++;
    if (!this.#isDocumented(author, code, name, message))
      this.find(`change ${failed} of ${life} failed with ${error}`);
  }

  /** Whether docs/indexeddb.md says that a change may fail so, after what has happened. */
  #isDocumented(life, code, name, message) {
    if (name === 'VersionError') return code === 'ERR_LOAD_FAILED' && life.version < this.#highestVersion;
    if (name !== 'AbortError') return false;
    if (/ was deleted while the batch was under way$/.test(message)) return this.#deletions.length > 0;
    if (message === ENDED) return code === 'ERR_LOAD_FAILED' && this.#mayBeEnding(life);
    return life.hasClosedStores && / was closed$/.test(message);
  }

  /** Whether the page has been left, or is being closed; of the worker, whether one of its pages has. */
  #mayBeEnding(life) {
    const lives = life.name === 'worker' ? [...this.#lives.values()] : [life];
    return lives.some(({ isGone, leaves }) => isGone || leaves > 0);
  }

  #change(id) {
    const change = this.#changes.get(id);
    if (!change) throw new Error(`There is no change ${id}`);
    return change;
  }

  /**
   * What has been found, with what is stored at the end.
   *
   * @param {{ a: [string, { ids: string[] }][], b: [string, { ids: string[] }][], leaves: [string, number][] }} stored
   */
  judge({ leaves, ...stores }) {
    const counts = new Map();
    for (const [store, records] of Object.entries(stores)) {
      for (const [key, { ids }] of records) {
        for (const id of ids) {
          counts.set(id, (counts.get(id) ?? 0) + 1);
          const { place } = this.#changes.get(id) ?? {};
          if (place !== `${store}/${key}`) this.find(`change ${id} of ${place} is in ${store}/${key}`);
        }
      }
    }
    const byHand = new Map(leaves);
    for (const [id, change] of this.#changes) {
      const count = counts.get(id) ?? 0;
      const { isPromised, isRefused } = this.#fateOf(change);
      if (count > 1) this.find(`change ${id} is there ${count} times`);
      else if (count === 1 && isRefused) this.find(`change ${id} is there, but it ${isRefused}`);
      else if (count === 0 && isPromised) {
        const wasLeft = change.saved === undefined;
        if (wasLeft && (byHand.get(change.life) ?? 0) < change.leaves) this.lostByHand++;
        else if (wasLeft && this.#lives.get(change.life).isInterrupted) this.interrupted++;
        else this.find(`change ${id} of ${change.place} is not there, but it ${isPromised}`);
      }
    }
    return this.finds;
  }

  /** @param {Change} change */
  #fateOf({ begun, saved, failed, left }) {
    if (failed !== undefined) {
      return /: It is not known/.test(failed) ? {} : { isRefused: `failed with ${failed}` };
    }
    // What a page saves after it was left, nobody hears of.
    const done = saved ?? (left === undefined ? undefined : Infinity);
    if (done === undefined) return {};
    // Whoever closes a store gives up its connection, by which it would learn of a deletion.
    const hasClosed = [...this.#lives.values()].some(({ hasClosedStores }) => hasClosedStores);
    for (const { start, end } of this.#deletions) {
      if (end < begun) continue;
      if (start > done && end < Infinity && !hasClosed) return { isRefused: 'was saved before a deletion' };
      return {};
    }
    return { isPromised: saved === undefined ? 'was loaded when its page was left' : 'was saved' };
  }
}
