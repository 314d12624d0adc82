// A browser with a site of its own: every history is in another part of that, with databases and locks of its own.

import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { launch } from 'puppeteer-core';
import { killTabs } from './processes.mjs';

/** @typedef {import('puppeteer-core').Page} Page */

const LONG_ENOUGH_TO_CLOSE = 2_000;

export class FuzzedBrowser {
  name;
  /** Is told what pages tell. */
  hear = (_told) => {};
  #browser;
  #server;
  #profile;
  #port;

  /**
   * @param {'chromium' | 'firefox'} name
   * @param {string} executablePath
   * @param {string} script what runs in the pages
   */
  static async start(name, executablePath, script) {
    const started = new FuzzedBrowser();
    started.name = name;
    started.#server = await started.#serve(script);
    started.#port = started.#server.address().port;
    started.#profile = await mkdtemp(join(tmpdir(), 'groupcommit-fuzz-'));
    started.#browser = await launch({
      browser: name === 'firefox' ? 'firefox' : 'chrome',
      executablePath,
      userDataDir: started.#profile,
      ...(name === 'chromium' && {
        args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-component-update'],
        // A hidden tab is to be treated as one.
        ignoreDefaultArgs: [
          '--disable-background-timer-throttling',
          '--disable-backgrounding-occluded-windows',
          '--disable-renderer-backgrounding',
        ],
      }),
    });
    return started;
  }

  async #serve(script) {
    const server = createServer(async (request, response) => {
      const { pathname } = new URL(request.url ?? '/', 'http://localhost');
      if (pathname === '/told') {
        let body = '';
        // A page that is killed may not end what it says.
        try {
          for await (const chunk of request.setEncoding('utf8')) body += chunk;
          this.hear(request.headers.host, JSON.parse(body));
        } catch (error) {
          if (error.code !== 'ECONNRESET') throw error;
        }
        response.end();
      } else if (pathname === '/page.js') {
        response.setHeader('content-type', 'text/javascript');
        response.end(script);
      } else {
        response.setHeader('content-type', 'text/html');
        const body = pathname === '/' ? '<script type="module" src="/page.js"></script>' : '';
        response.end(`<!doctype html><title>${pathname}</title>${body}`);
      }
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
    return server;
  }

  /** @param {string} site */
  hostOf(site) {
    return `${site}.localhost:${this.#port}`;
  }

  /** @returns {Promise<Page>} */
  newTab() {
    // Firefox may take one of the processes for it that were killed a moment ago.
    return this.#browser.newPage().catch(() => this.#browser.newPage());
  }

  /** Ends the process of a tab, and closes it: in Firefox, which does not tell which that is, those of all tabs. @param {Page} page */
  async kill(page) {
    if (this.name === 'firefox') {
      killTabs(this.#browser.process().pid);
    } else await Promise.race([this.#crash(page), sleep(LONG_ENOUGH_TO_CLOSE)]);
    await this.closeTab(page);
  }

  /** Of what has crashed, or is in the back/forward cache, puppeteer may wait for the end for ever. @param {Page} page */
  async closeTab(page) {
    await Promise.race([page.close().catch(() => {}), sleep(LONG_ENOUGH_TO_CLOSE)]);
  }

  async #crash(page) {
    const session = await page.createCDPSession();
    const crashed = new Promise((resolve) => page.once('error', resolve));
    session.send('Page.crash').catch(() => {});
    await crashed;
  }

  /** @param {Page} page @param {'frozen' | 'active'} state */
  async setLifecycle(page, state) {
    const session = await page.createCDPSession();
    await session.send('Page.setWebLifecycleState', { state });
    await session.detach();
  }

  async close() {
    await this.#browser.close();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
