import { setTimeout as sleep } from 'node:timers/promises';

/** How long it is waited for that a page has gone to another, in ms. */
const LONG_ENOUGH_TO_GO = 30_000;

/**
 * Has the page go, as its own script does it: puppeteer loses sight of pages that come out of the back/forward cache.
 *
 * @param {import('puppeteer-core').Page} page
 * @param {(...args: unknown[]) => void} how
 */
export async function go(page, how, ...args) {
  const here = async () => {
    // A page that goes before its load event has ended is replaced in the history.
    const state = page.evaluate(() => {
      const [{ loadEventEnd }] = performance.getEntriesByType('navigation');
      return [performance.timeOrigin, loadEventEnd > 0];
    });
    return (await Promise.race([state.catch(() => undefined), sleep(1_000)])) ?? [];
  };
  const deadline = Date.now() + LONG_ENOUGH_TO_GO;
  const loaded = async (isIt) => {
    for (;;) {
      const [origin, isLoaded] = await here();
      if (isLoaded && isIt(origin)) return origin;
      if (Date.now() > deadline) throw new Error('The page does not go');
      await sleep(10);
    }
  };
  const before = await loaded(() => true);
  void page.evaluate(how, ...args).catch(() => {});
  await loaded((origin) => origin !== before);
}
