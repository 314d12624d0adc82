// Plays a history in a browser.

import { setTimeout as sleep } from 'node:timers/promises';
import { call } from './call.mjs';
import { Ledger } from './ledger.mjs';
import { Tab } from './tab.mjs';
import { within } from './within.mjs';

/** After this time whatever is pending will be so for ever, in ms. */
const FOR_EVER = 45_000;
/** After this time a page in the back/forward cache is taken to be in the way, in ms. */
const IN_THE_WAY = 20_000;
/** After this time a worker that does not answer has gone. */
const GONE = 5_000;
const PLACES = ['a', 'a', 'b'];

let plays = 0;

/**
 * Returns what is against the promises, and the ledger of them.
 *
 * @param {import('./browsers.mjs').FuzzedBrowser} browser
 * @param {import('./history.mjs').History} history
 */
export async function play(browser, history) {
  const played = new Play(browser, history);
  const finds = (await within(4 * FOR_EVER, played.run())) ?? [
    ...played.ledger.finds,
    `it hangs ${played.doing}: ${played.tabs}`,
  ];
  return { finds, ledger: played.ledger };
}

class Play {
  /** @type {Ledger} */
  ledger;
  doing = 'at the beginning';
  #browser;
  #history;
  /** @type {Tab[]} */
  #tabs;
  #version = 1;
  #changes = 0;
  /** What tabs do that nothing waits for. */
  #background = new Set();

  constructor(browser, history) {
    this.#browser = browser;
    this.#history = history;
    this.ledger = new Ledger(browser.name);
    const host = browser.hostOf(`h${plays++}`);
    this.#tabs = history.tabs.map(
      (_, place) => new Tab(browser, host, this.ledger, () => this.#lifeOf(place)),
    );
    browser.hear = (from, told) => from === host && this.ledger.hear(told);
  }

  /** What a page is told about itself. */
  #lifeOf(place) {
    const { tabs, worker, isVersioned, sharesStore } = this.#history;
    return {
      life: `tab ${place}`,
      version: isVersioned ? this.#version : undefined,
      flushes: tabs[place],
      worker: place === 0 || worker === 'shared' ? worker : undefined,
      sharesStore,
    };
  }

  get tabs() {
    return this.#tabs.map(({ state, doing }) => `${doing || state}`).join(', ');
  }

  async run() {
    this.ledger.live('worker', this.#history.isVersioned ? 1 : undefined);
    for (const tab of this.#tabs) tab.open();
    await Promise.all(this.#tabs.map((tab) => tab.ready));
    for (const [place, step] of this.#history.steps.entries()) {
      this.doing = `at step ${place}`;
      await sleep(step.pause);
      this.#take(step);
    }
    this.doing = 'when all is to settle';
    await this.#settle();
    return this.ledger.judge(await this.#read());
  }

  #take({ what, tab: place, processor, keys, byWorker }) {
    const tab = this.#tabs[place];
    const steps = {
      run: () => this.#change(tab, processor, keys, byWorker),
      show: () => this.#behind(tab.show()),
      flush: () => this.#behind(tab.call('flush')),
      reload: () => tab.reload(),
      leave: () => tab.goAway(),
      back: () => tab.goBack(),
      close: () => tab.close(),
      open: () => tab.open(),
      kill: () => this.#kill(tab),
      'end the worker': () => tab.hasWorker && this.#behind(tab.call('endWorker')),
      freeze: () => this.#freeze(tab),
      thaw: () => tab.thaw(),
      release: () => {
        this.#version++;
        tab.open();
      },
      upgrade: () => this.#behind(tab.call('upgrade')),
      delete: () => this.#behind(tab.delete()),
      'close the stores': () => this.#behind(tab.closeStores()),
    };
    steps[what]();
  }

  #change(tab, processor, keys, byWorker) {
    const changes = keys.map((key) => [String(this.#changes++), key]);
    const handedOver = byWorker && tab.hasWorker;
    this.#behind(
      tab.do((page) => {
        for (const [id, key] of changes)
          this.ledger.begin(id, `${PLACES[processor]}/${key}`, handedOver ? 'worker' : tab.life.name);
        const args = [processor, changes];
        return handedOver ? call(page, 'send', 'run', ...args) : call(page, 'run', ...args);
      }),
    );
  }

  #kill(tab) {
    if (this.#browser.name !== 'firefox') return tab.kill(tab.ready);
    // With one all are gone.
    const ready = Promise.all(this.#tabs.map(({ ready }) => ready));
    for (const each of this.#tabs) each.kill(ready);
  }

  /** Only what is hidden is ever frozen. */
  #freeze(tab) {
    tab.freeze(this.#tabs.find((other) => other !== tab && other.state === 'open'));
  }

  #behind(action) {
    this.#background.add(action);
    void action.then(() => this.#background.delete(action));
  }

  /** Waits until all is quiet in the tabs that are left. */
  async #settle() {
    const clearing = setTimeout(() => this.#clearTheWay(), IN_THE_WAY);
    for (const tab of this.#tabs) if (tab.state === 'frozen') tab.thaw();
    await Promise.all(this.#tabs.map((tab) => tab.ready));
    const open = this.#tabs.filter(({ state }) => state === 'open');
    const done = await within(FOR_EVER, Promise.all(this.#background));
    if (!done) this.ledger.find('what a tab was asked is not answered, as an upgrade or a deletion');
    const ends = open.map((tab) => this.#end(`tab ${this.#tabs.indexOf(tab)}`, (method) => tab.call(method)));
    await Promise.all(ends);
    const withWorker = await this.#withWorker(open);
    if (withWorker) await this.#end('the worker', (method) => withWorker.call('ask', method));
    clearTimeout(clearing);
    for (const tab of this.#tabs) if (tab.state === 'away') tab.close();
    await Promise.all(this.#tabs.map((tab) => tab.ready));
  }

  /** In Chromium a page that is left while it upgrades the database may be in everybody's way for as long as it is in the cache. */
  #clearTheWay() {
    if (this.#browser.name !== 'chromium') return;
    const away = this.#tabs.filter(({ state }) => state === 'away');
    for (const tab of away) tab.close();
    if (away.length > 0) this.ledger.blocked++;
  }

  async #end(who, call) {
    const pending = await within(FOR_EVER, call('end'));
    if (pending === undefined)
      this.ledger.find(`${who} does not end: ${await within(GONE, call('hanging'))}`);
    else if (pending > 0) this.ledger.find(`${who} has ${pending} runs that are pending after a flush`);
  }

  /** A tab whose worker is there, and has heard what each tab has told it. A shared one may have gone with the process of another tab. */
  async #withWorker(tabs) {
    const withWorker = tabs.filter(({ hasWorker }) => hasWorker);
    const answers = await Promise.all(withWorker.map((tab) => within(GONE, tab.call('ask', 'ping'))));
    return withWorker.find((_, place) => answers[place]);
  }

  /** What a fresh tab finds. */
  async #read() {
    this.doing = 'when all is read';
    const reader = new Tab(this.#browser, this.#tabs[0].host, this.ledger, () => ({ life: 'reader' }));
    reader.open();
    const locks = await within(FOR_EVER, reader.call('locksLeft'));
    if (!locks) this.ledger.find('the locks are not told');
    else if (locks.length > 0) this.ledger.find(`locks are held: ${locks.join(', ')}`);
    for (const tab of this.#tabs) if (tab.state === 'open') tab.close();
    await Promise.all(this.#tabs.map((tab) => tab.ready));
    const stored = await within(FOR_EVER, reader.call('stored'));
    if (!stored) this.ledger.find('the database does not open');
    reader.close();
    await reader.ready;
    return stored ?? { a: [], b: [], leaves: [] };
  }
}
