/** Calls a method that page.mjs offers. @param {import('puppeteer-core').Page} page */
export function call(page, method, ...args) {
  return page.evaluate((method, args) => globalThis.fuzz[method](...args), method, args);
}
