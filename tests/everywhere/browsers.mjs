// The browsers, driven by WebDriver BiDi. A page tells its outcome by its title, so that nothing need be run in it: a page with a
// strict Content-Security-Policy would forbid that.

import { setTimeout as sleep } from 'node:timers/promises';
import { launch } from 'puppeteer-core';
import { chromium, firefox } from '../../scripts/setup/browsers.mjs';
import { run } from '../../scripts/setup/run.mjs';

const timeLimit = 60_000;

class Browser {
  #launched;

  constructor(need, options) {
    this.name = need.name;
    this.need = need;
    this.options = options;
  }

  /** What it tells itself: by WebDriver BiDi, Chromium's version is a commit. */
  async version() {
    const [version] = (await run(await this.#path(), ['--version'])).match(/\d+(\.\d+)+/) ?? [];
    return version;
  }

  /** Opens a page, and returns its title once it has one. */
  async titleOf(url) {
    const page = await (await this.#launch()).newPage();
    const messages = [];
    page.on('console', (message) => messages.push(message.text()));
    page.on('pageerror', (error) => messages.push(String(error)));
    try {
      await page.goto(url);
      for (const deadline = Date.now() + timeLimit; ; await sleep(50)) {
        const title = await page.title();
        if (title) return title;
        if (Date.now() > deadline) throw new Error(['The page has no title yet', ...messages].join('\n'));
      }
    } finally {
      await page.close();
    }
  }

  async close() {
    const browser = await this.#launched?.catch(() => undefined);
    await browser?.close();
  }

  #launch() {
    this.#launched ??= this.#start();
    return this.#launched;
  }

  async #path() {
    return ((await this.need.find()) ?? (await this.need.bring())).note;
  }

  async #start() {
    return launch({
      executablePath: await this.#path(),
      headless: true,
      protocol: 'webDriverBiDi',
      ...this.options,
    });
  }
}

export const browsers = [
  // Its sandbox does not start for root, as in most containers.
  new Browser(chromium, { browser: 'chrome', args: ['--no-sandbox'] }),
  new Browser(firefox, { browser: 'firefox' }),
];
