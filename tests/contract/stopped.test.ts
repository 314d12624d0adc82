import { type Processor, ProcessorStoppedError, startProcessor } from 'groupcommit';
import { describe, expect, test } from 'vitest';
import { type Counter, methods, noop, open, rejectionOf, settleDown, watch } from './support.js';

describe('What a caller gets', () => {
  describe('After stop(): ProcessorStoppedError', () => {
    test.each(methods)('%s', async (method) => {
      const { accounts, loads } = open();
      watch(accounts.stop());
      const error = (await rejectionOf(
        accounts[method as 'run']('alice', (counter) => counter),
      )) as ProcessorStoppedError;
      expect(error).toBeInstanceOf(ProcessorStoppedError);
      expect(error).toBeInstanceOf(Error);
      expect(error.name).toBe('ProcessorStoppedError');
      expect(error.code).toBe('ERR_PROCESSOR_STOPPED');
      expect(error.message).toEqual(expect.stringMatching(/./));
      await settleDown();
      expect(loads).toHaveLength(0);
      expect(accounts.pending).toBe(0);
    });

    test('each caller gets its own', async () => {
      const { accounts } = open();
      watch(accounts.stop());
      const errors = await Promise.all([1, 2].map(() => rejectionOf(accounts.run('alice', noop))));
      expect(errors[0]).not.toBe(errors[1]);
    });
  });

  describe('Every error class has a stable name and code', () => {
    test('that a minifier or a subclass cannot change: they are in the stack and in the string', async () => {
      const accounts: Processor<Counter> = startProcessor<Counter>({
        minDuration: 0,
        loadResource: () => Promise.reject('disk'),
      });
      const error = (await rejectionOf(accounts.run('alice', noop))) as Error;
      expect(String(error)).toMatch(/^BatchError: /);
      watch(accounts.stop());
      expect(String(await rejectionOf(accounts.run('alice', noop)))).toMatch(/^ProcessorStoppedError: /);
      expect(
        String(await rejectionOf(startProcessor().run('alice', noop, { signal: AbortSignal.abort() }))),
      ).toMatch(/^OperationCancelledError: /);
    });
  });
});
