import { startProcessor } from 'groupcommit';
import { describe, expect, test } from 'vitest';

describe('Options', () => {
  describe('Options out of range throw a TypeError or RangeError from startProcessor that names the option', () => {
    const bad: [name: string, options: Record<string, unknown>][] = [
      ['minDuration', { minDuration: -1 }],
      ['minDuration', { minDuration: -Number.MIN_VALUE }],
      ['minDuration', { minDuration: Number.NaN }],
      ['minDuration', { minDuration: Number.POSITIVE_INFINITY }],
      ['minDuration', { minDuration: Number.NEGATIVE_INFINITY }],
      ['minDuration', { minDuration: 2 ** 31 }],
      ['minDuration', { minDuration: '100' }],
      ['minDuration', { minDuration: null }],
      ['minDuration', { minDuration: 100n }],
      ['minDuration', { minDuration: {} }],
      ['minDuration', { minDuration: Symbol('100') }],
      ['maxDuration', { maxDuration: -1 }],
      ['maxDuration', { maxDuration: Number.NaN }],
      ['maxDuration', { maxDuration: '200' }],
      ['maxDuration', { maxDuration: null }],
      ['maxDuration', { minDuration: 10, maxDuration: 9.9 }],
      ['maxDuration', { maxDuration: 99 }],
      ['maxDuration', { minDuration: 0, maxDuration: -1 }],
      ['maxOperations', { maxOperations: 0 }],
      ['maxOperations', { maxOperations: -1 }],
      ['maxOperations', { maxOperations: 0.5 }],
      ['maxOperations', { maxOperations: 1.5 }],
      ['maxOperations', { maxOperations: Number.NaN }],
      ['maxOperations', { maxOperations: Number.NEGATIVE_INFINITY }],
      ['maxOperations', { maxOperations: '5' }],
      ['maxOperations', { maxOperations: null }],
      ['maxOperations', { maxOperations: 5n }],
      ['concurrency', { concurrency: 0 }],
      ['concurrency', { concurrency: -1 }],
      ['concurrency', { concurrency: 1.5 }],
      ['concurrency', { concurrency: Number.NaN }],
      ['concurrency', { concurrency: '5' }],
      ['concurrency', { concurrency: null }],
      ['retries', { retries: -1 }],
      ['retries', { retries: 0.5 }],
      ['retries', { retries: 1.5 }],
      ['retries', { retries: Number.NaN }],
      ['retries', { retries: Number.NEGATIVE_INFINITY }],
      ['retries', { retries: '5' }],
      ['retries', { retries: null }],
      ['retries', { retries: 5n }],
      ['lockResource', { lockResource: null }],
      ['lockResource', { lockResource: 'lock' }],
      ['lockResource', { lockResource: {} }],
      ['loadResource', { loadResource: null }],
      ['loadResource', { loadResource: 'get' }],
      ['loadResource', { loadResource: {} }],
      ['loadResource', { loadResource: Promise.resolve(1) }],
      ['saveResource', { saveResource: null }],
      ['saveResource', { saveResource: 0 }],
      ['saveResource', { saveResource: {} }],
    ];
    const show = (value: unknown) =>
      typeof value === 'string' ? `'${value}'` : typeof value === 'bigint' ? `${value}n` : String(value);
    test.each(
      bad.map(([name, options]) => {
        const title = Object.entries(options).map(([key, value]) => `${key}: ${show(value)}`);
        return [`{ ${title.join(', ')} }`, name, options] as const;
      }),
    )('%s', (_, name, options) => {
      let thrown: unknown;
      try {
        startProcessor(options as never);
      } catch (error) {
        thrown = error;
      }
      expect(thrown instanceof TypeError || thrown instanceof RangeError, String(thrown)).toBe(true);
      expect((thrown as Error).message).toContain(name);
    });

    test.each([
      { minDuration: 0 },
      { minDuration: 0.5 },
      { minDuration: 2 ** 31 - 1 },
      { minDuration: 10, maxDuration: 10 },
      { minDuration: 0, maxDuration: 0 },
      { maxDuration: Number.POSITIVE_INFINITY },
      { concurrency: 1 },
      { concurrency: Number.POSITIVE_INFINITY },
      { retries: 0 },
      { retries: -0 },
      { retries: 1 },
      { retries: 2 ** 32 },
      { retries: Number.POSITIVE_INFINITY },
      { maxOperations: 1 },
      { maxOperations: 2 ** 32 + 1 },
      { maxOperations: Number.MAX_SAFE_INTEGER },
      { maxOperations: Number.POSITIVE_INFINITY },
    ])('but what is in range is taken: %o', async (options) => {
      const accounts = startProcessor<number>({ ...options, loadResource: () => 1 });
      const run = accounts.run('alice', (value) => value);
      await accounts.stop();
      expect(await run).toBe(1);
    });

    test('an error that an option getter throws comes through', () => {
      const error = new Error('getter');
      expect(() =>
        startProcessor({
          get minDuration(): number {
            throw error;
          },
        }),
      ).toThrow(error);
    });
  });

  test('an option that it does not know is ignored', async () => {
    const accounts = startProcessor<number>({
      minDuration: 0,
      loadResource: () => 1,
      close: () => {},
      path: '/tmp',
    } as object);
    expect(await accounts.run('alice', () => 'ran')).toBe('ran');
  });
});
