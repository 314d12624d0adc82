// A browser that visits the page of page.mjs, and leaves it.

import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { launch } from 'puppeteer-core';
import { ensureBrowsers } from '../../scripts/setup.mjs';

/** Each changes the record, if that has not been done already, and leaves at once. */
export const ways = {
  reload: (page) => Promise.all([page.waitForNavigation(), page.evaluate(changeAndReload)]),
  link: (page) => Promise.all([page.waitForNavigation(), page.evaluate(followLink)]),
  close: (page) => Promise.all([page.evaluate(change).catch(() => {}), page.close()]),
};

function changeAndReload() {
  globalThis.change();
  location.reload();
}

/** It changes the record as well: see the page. */
function followLink() {
  document.querySelector('a').click();
}

function change() {
  globalThis.change();
}

const documents = {
  '/': '<!doctype html><title>page</title><a href="/left" onclick="change()">leave</a><script type="module" src="/page.js"></script>',
  '/left': '<!doctype html><title>left</title>',
};

/** @param {'chromium' | 'firefox'} name */
export async function visit(name) {
  const site = await serve(await bundlePage());
  const { [name]: executablePath } = await ensureBrowsers();
  const isFirefox = name === 'firefox';
  const browser = await launch({
    browser: isFirefox ? 'firefox' : 'chrome',
    executablePath,
    args: isFirefox ? [] : ['--no-sandbox', '--disable-gpu', '--disable-quic'],
  });

  const open = async () => {
    const page = await browser.newPage();
    await page.goto(site.address);
    await page.waitForFunction(() => 'ready' in globalThis);
    return page;
  };
  return {
    version: await browser.version(),
    open,
    /** Calls a function of the page, in one that is gone afterwards: as long as it lived, its process would help the others to save. */
    async call(name, ...args) {
      const page = await open();
      const result = await page.evaluate((name, args) => globalThis[name](...args), name, args);
      await page.close();
      return result;
    },
    async close() {
      await browser.close();
      site.close();
    },
  };
}

async function bundlePage() {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('page.mjs', import.meta.url))],
    bundle: true,
    format: 'esm',
    write: false,
  });
  return outputFiles[0].text;
}

async function serve(script) {
  const server = createServer(({ url }, response) => {
    response.setHeader('content-type', documents[url] ? 'text/html' : 'text/javascript');
    response.end(documents[url] ?? script);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://localhost:${server.address().port}/`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
