import { describe, expect, test } from 'vitest';
import { inChild } from '../node/support.js';
import { names } from './stack/exhaust.js';

const module = new URL('./stack/exhaust.js', import.meta.url).href;

describe('A call that is made while a runaway recursion unwinds is accepted as a whole, or changes nothing, at every depth', () => {
  test.each(names)('%s', async (name) => {
    const { code, stdout, stderr } = await inChild(
      `
      import { exhaust } from ${JSON.stringify(module)};
      // A signal that is aborted there has listeners that cannot run: Node reports what they throw.
      process.on('uncaughtException', (error) => error instanceof RangeError || print('uncaught ' + error));
      for (const wrong of await exhaust(startProcessor, ${JSON.stringify(name)}, [0, 5, 11])) print(wrong);
    `,
      // A smaller stack is exhausted sooner.
      { flags: ['--stack-size=240', '--expose-gc'] },
    );
    // Node itself has no stack left to note that a promise has rejected, and says so.
    const { length } = stderr
      .split('Exception in PromiseRejectCallback:')
      .filter((each) => !each.includes('RangeError'));
    expect({ code, stdout, other: length > 1 ? stderr : '' }).toEqual({ code: 0, stdout: '', other: '' });
  });
});
