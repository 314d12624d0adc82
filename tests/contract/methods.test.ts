import { startProcessor } from 'groupcommit';
import { describe, expect, test } from 'vitest';
import { methods, noop, open, rejectionOf, settleDown, watch } from './support.js';

describe('run, update and read take the same { signal }, and all that follows holds for each', () => {
  test.each(methods)('a signal that aborts before: %s', async (method) => {
    const { accounts, load } = open();
    const controller = new AbortController();
    const run = watch(
      accounts[method as 'run']('alice', (counter) => counter, { signal: controller.signal }),
    );
    await settleDown();
    controller.abort();
    await load();
    expect(run.outcome).toMatchObject({ state: 'rejected', reason: { code: 'ERR_OPERATION_CANCELLED' } });
  });

  test.each(methods)('what it throws: %s', async (method) => {
    const error = new Error('refused');
    const accounts = startProcessor({ minDuration: 0 });
    const run = accounts[method as 'run']('alice', () => {
      throw error;
    });
    expect(await rejectionOf(run)).toBe(error);
  });

  test.each(methods.flatMap((method) => ['lock', 'load', 'save'].map((phase) => [phase, method] as const)))(
    'a %s that fails: %s',
    async (phase, method) => {
      const accounts = startProcessor({
        minDuration: 0,
        [`${phase}Resource`]: () => Promise.reject(new Error('disk')),
      });
      watch(accounts.run('alice', noop));
      const run = accounts[method as 'run']('alice', () => undefined);
      expect(await rejectionOf(run)).toMatchObject({ code: `ERR_${phase.toUpperCase()}_FAILED`, phase });
    },
  );

  test.each(methods)('a stopped processor: %s', async (method) => {
    const accounts = startProcessor();
    await accounts.stop();
    const run = accounts[method as 'run']('alice', () => undefined);
    expect(await rejectionOf(run)).toMatchObject({ code: 'ERR_PROCESSOR_STOPPED' });
  });
});
