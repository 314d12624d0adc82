import { FuzzedBrowser } from './browsers.mjs';
import { describe, historyOf } from './history.mjs';
import { play } from './play.mjs';

/**
 * Plays one history after the other, and tells what it finds.
 *
 * @param {'chromium' | 'firefox'} name
 * @param {string} path of the browser
 * @param {{ seed: number, script: string, end: number, histories: number, isEndedByFind?: boolean }} order
 * @param {(line: string) => void} tell
 */
export async function hunt(name, path, { seed, script, end, histories, isEndedByFind }, tell) {
  const report = new Report();
  let browser = await FuzzedBrowser.start(name, path, script);
  try {
    for (let next = seed; report.histories < histories && Date.now() < end; next++) {
      const history = historyOf(next, name);
      const { finds, ledger } = await play(browser, history);
      // Where the test itself fails nothing has been shown.
      if (isEndedByFind && finds.some((find) => find.startsWith('the test fails'))) {
        throw new Error(finds.join('\n'));
      }
      report.add(finds, ledger);
      if (report.histories % 20 === 0) tell(`${name}: ${report.line}`);
      if (finds.length === 0) continue;
      const replay = `npm run fuzz:browser -- --browser ${name} --histories 1 --seed ${next}`;
      tell(
        `\n${name}, seed ${next}:\n${describe(history)}\n\n  ${finds.join('\n  ')}\n\nTo play it again: ${replay}\n`,
      );
      if (isEndedByFind) break;
      // What hangs would be in the way of the next.
      await browser.close();
      browser = await FuzzedBrowser.start(name, path, script);
    }
  } finally {
    await browser.close();
  }
  return report;
}

class Report {
  #begin = Date.now();
  histories = 0;
  /** In how many of them something is against the promises. */
  finds = 0;
  /** What was found first. @type {string | undefined} */
  first;
  #saved = 0;
  #failed = 0;
  #left = 0;
  #lostByHand = 0;
  #interrupted = 0;
  #blocked = 0;

  add(finds, { saved, failed, left, lostByHand, interrupted, blocked }) {
    this.histories++;
    if (finds.length > 0) this.finds++;
    this.first ??= finds[0];
    this.#saved += saved;
    this.#failed += failed;
    this.#left += left;
    this.#lostByHand += lostByHand;
    this.#interrupted += interrupted;
    this.#blocked += blocked;
  }

  get line() {
    const minutes = (Date.now() - this.#begin) / 60_000;
    return [
      `${this.histories} histories in ${minutes.toFixed(1)} minutes, ${Math.round(this.histories / minutes)} a minute`,
      `${this.#saved} changes saved, ${this.#failed} failed, ${this.#left} left to flushOnHide`,
      `${this.#lostByHand} of them lost with what was put by hand, ${this.#interrupted} in pages that Firefox interrupted`,
      `${this.#blocked} of the histories blocked by a page in the back/forward cache`,
      `${this.finds} with finds`,
    ].join('; ');
  }
}
