// A browser that visits the page of page.mjs, and leaves it.

import { startBrowser } from '../browser/site.mjs';

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
  const { browser, address, close } = await startBrowser(
    name,
    new URL('page.mjs', import.meta.url),
    documents,
  );
  const open = async () => {
    const page = await browser.newPage();
    await page.goto(address);
    await page.waitForFunction(() => 'ready' in globalThis);
    return page;
  };
  return {
    version: await browser.version(),
    open,
    close,
    /** Calls a function of the page, in one that is gone afterwards: as long as it lived, its process would help the others to save. */
    async call(name, ...args) {
      const page = await open();
      const result = await page.evaluate((name, args) => globalThis[name](...args), name, args);
      await page.close();
      return result;
    },
  };
}
