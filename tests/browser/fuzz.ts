import { expect, inject, test } from 'vitest';
import { bundlePage } from './fuzz/bundle.mjs';
import { hunt } from './fuzz/hunt.mjs';

/** How long histories are played, in ms. */
const A_SHORT_SHARE = 20_000;

/** A short share of what `npm run fuzz:browser` does, from another seed each time. */
export function fuzzTests(name: 'Chromium' | 'Firefox'): void {
  test('In random histories of tabs nothing is missing that was promised', async () => {
    const browser = name === 'Chromium' ? 'chromium' : 'firefox';
    const seed = Math.floor(Math.random() * 2 ** 31);
    console.log(`${name}: histories from seed ${seed} on`);
    const order = {
      seed,
      script: await bundlePage(),
      end: Date.now() + A_SHORT_SHARE,
      histories: Number.POSITIVE_INFINITY,
      isEndedByFind: true,
    };
    const report = await hunt(browser, inject('browsers')[browser], order, console.log);
    console.log(`${name}: ${report.line}`);
    expect(report.first).toBe(undefined);
    expect(report.histories).toBeGreaterThan(0);
  }, 400_000);
}
