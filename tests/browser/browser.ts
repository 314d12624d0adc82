import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, launch, type Page } from 'puppeteer-core';
import { inject } from 'vitest';
import { type Site, startSite } from './site.js';

export type BrowserName = 'Chromium' | 'Firefox';

/** A browser with a profile of its own, and a web site to visit with it. */
export class Visitor {
  readonly name: BrowserName;
  readonly site: Site;
  readonly #profile: string;
  #browser: Browser;

  private constructor(name: BrowserName, site: Site, profile: string, browser: Browser) {
    this.name = name;
    this.site = site;
    this.#profile = profile;
    this.#browser = browser;
  }

  /** Of Firefox, preferences can be given. They are those of the first start only. */
  static async arrive(name: BrowserName, preferences?: Record<string, unknown>): Promise<Visitor> {
    const profile = await mkdtemp(join(tmpdir(), 'groupcommit-browser-'));
    return new Visitor(name, await startSite(), profile, await start(name, profile, preferences));
  }

  newTab(): Promise<Page> {
    return this.#browser.newPage();
  }

  /** Opens a tab in which the package is there as `globalThis.groupcommit`. */
  async open(url = this.site.origin): Promise<Page> {
    const page = await this.newTab();
    await this.visit(page, url);
    return page;
  }

  async visit(page: Page, url: string): Promise<void> {
    await page.goto(url);
    await page.waitForFunction(() => 'groupcommit' in globalThis);
  }

  /** Kills the browser and starts it again with the same profile. */
  async killBrowser(): Promise<void> {
    const process = this.#browser.process();
    const exited = new Promise((resolve) => process?.once('exit', resolve));
    process?.kill('SIGKILL');
    await exited;
    await this.#profileIsLeft();
    this.#browser = await start(this.name, this.#profile);
  }

  /** Waits until puppeteer has put back the preferences of Firefox, which it does some time after the process's end. */
  async #profileIsLeft(): Promise<void> {
    const deadline = Date.now() + 10_000;
    while ((await readdir(this.#profile)).some((file) => file.endsWith('.puppeteer'))) {
      if (Date.now() > deadline) throw new Error('puppeteer has left its preferences in the profile');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async closeTabs(): Promise<void> {
    const [first, ...others] = await this.#browser.pages();
    for (const page of others) await page.close();
    await first?.goto('about:blank');
  }

  async leave(): Promise<void> {
    await this.#browser.close();
    await this.site.close();
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

function start(
  name: BrowserName,
  userDataDir: string,
  extraPrefsFirefox: Record<string, unknown> = {},
): Promise<Browser> {
  const { chromium, firefox } = inject('browsers');
  if (name === 'Firefox') {
    return launch({ browser: 'firefox', executablePath: firefox, userDataDir, extraPrefsFirefox });
  }
  return launch({
    browser: 'chrome',
    executablePath: chromium,
    userDataDir,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-component-update'],
    // A hidden tab is to be treated as one.
    ignoreDefaultArgs: [
      '--disable-background-timer-throttling',
      '--disable-backgrounding-occluded-windows',
      '--disable-renderer-backgrounding',
    ],
  });
}
