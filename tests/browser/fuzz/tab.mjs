import { setTimeout as sleep } from 'node:timers/promises';
import { call } from './call.mjs';
import { go } from './navigation.mjs';

class Turn {
  end = () => {};
  over = new Promise((resolve) => {
    this.end = () => resolve(undefined);
  });
}

/** A place for a tab, to which one thing after the other happens. */
export class Tab {
  host;
  /** As it will be when it is ready. @type {'closed' | 'open' | 'away' | 'frozen'} */
  state = 'closed';
  /** Resolves when the latest page is there, or has gone. @type {Promise<unknown>} */
  ready = Promise.resolve();
  /** @type {import('./ledger.mjs').Life | undefined} */
  life;
  hasWorker = false;
  /** What it is going through. */
  doing = '';
  #browser;
  #ledger;
  #lifeOf;
  /** @type {import('puppeteer-core').Page | undefined} */
  #page;
  #version;
  /** The deletions that the page is asking for: it is not left before they are done. */
  #deletions = new Set();
  /** Until it gets another page, or loses its own. */
  #turn = new Turn();

  /**
   * @param {import('./browsers.mjs').FuzzedBrowser} browser
   * @param {string} host
   * @param {import('./ledger.mjs').Ledger} ledger
   * @param {() => Record<string, unknown>} lifeOf what a page is told when it is loaded
   */
  constructor(browser, host, ledger, lifeOf) {
    this.#browser = browser;
    this.host = host;
    this.#ledger = ledger;
    this.#lifeOf = lifeOf;
  }

  /** Does something with the page as it is now. What a page does not live to answer is nothing. */
  async do(action) {
    await this.ready;
    const turn = this.#turn;
    const page = this.#page;
    if (!page) return;
    try {
      // Puppeteer may wait for ever for an answer of what has crashed.
      return await Promise.race([action(page), turn.over]);
    } catch (error) {
      if (turn === this.#turn) this.#ledger.find(`the test fails: ${error.stack}`);
    }
  }

  call(method, ...args) {
    return this.do((page) => call(page, method, ...args));
  }

  /** Opens the app, in the version of today. */
  open() {
    this.#then('open', async () => {
      const life = this.#lifeOf();
      this.#ledger.ask(life.version);
      const url = `http://${this.host}/?${encodeURIComponent(JSON.stringify(life))}`;
      if (this.#page) {
        await this.#leave();
        await go(this.#page, (url) => void (location.href = url), url);
      } else {
        this.#page = await this.#browser.newTab();
        await this.#page.goto(url);
      }
      this.#version = life.version;
      this.hasWorker = life.worker !== undefined;
      await this.#meet();
    });
  }

  reload() {
    this.#then('open', async () => {
      await this.#leave();
      await go(this.#page, () => location.reload());
      await this.#meet();
    });
  }

  goAway() {
    this.#then('away', async () => {
      await this.#leave();
      await go(this.#page, () => void (location.href = '/elsewhere'));
    });
  }

  goBack() {
    this.#then('open', async () => {
      await go(this.#page, () => history.back());
      await this.#meet();
    });
  }

  close() {
    const { state } = this;
    this.#then('closed', async () => {
      if (state === 'open') await this.#leave();
      if (this.life) this.life.isGone = true;
      await this.#browser.closeTab(this.#page);
      this.#page = undefined;
    });
  }

  kill(ready) {
    this.#then('closed', async () => {
      await ready;
      this.#endTurn();
      if (!this.#page) return;
      this.life.isGone = true;
      await this.#browser.kill(this.#page);
      this.#page = undefined;
    });
  }

  /** @param {Tab | undefined} other which is to be seen instead, if it is there */
  freeze(other) {
    this.#then('frozen', async () => {
      await other?.show();
      const isHidden = () => this.#page.evaluate(() => document.visibilityState === 'hidden');
      // One that is seen would not come out of it.
      for (let tries = 0; tries < 20; tries++) {
        if (await isHidden()) return this.#browser.setLifecycle(this.#page, 'frozen');
        await sleep(10);
      }
    });
  }

  /** Now, whatever it is doing. */
  async show() {
    await this.#page?.bringToFront().catch(() => {});
  }

  thaw() {
    this.#then('open', () => this.#browser.setLifecycle(this.#page, 'active'));
  }

  async closeStores() {
    await this.do((page) => {
      this.life.hasClosedStores = true;
      return page.evaluate(() => globalThis.fuzz.closeStores());
    });
  }

  delete() {
    return this.do(async (page) => {
      const done = this.#ledger.delete();
      const deletion = page.evaluate(() => globalThis.fuzz.delete()).then(done);
      this.#deletions.add(deletion);
      await deletion.finally(() => this.#deletions.delete(deletion));
    });
  }

  /** What happens next, and what the tab is then. */
  #then(state, action) {
    this.state = state;
    const act = async () => {
      this.doing = `becoming ${state}`;
      await action();
      this.doing = '';
    };
    this.ready = this.ready
      .then(act)
      .catch((error) => this.#ledger.find(`the test fails ${this.doing}: ${error.stack}`));
  }

  #endTurn() {
    this.#turn.end();
    this.#turn = new Turn();
    // Those that a killed page has asked for may never answer.
    this.#deletions.clear();
  }

  async #leave() {
    await Promise.all(this.#deletions);
    const promised = await this.#page.evaluate(() => globalThis.fuzz.promised());
    this.#endTurn();
    this.#ledger.leave(this.life, promised);
  }

  /** Gets to know the page, which may be one that has come back. */
  async #meet() {
    const name = await this.#page.evaluate(() => globalThis.fuzz.name);
    this.life = this.#ledger.live(name, this.#version);
  }
}
