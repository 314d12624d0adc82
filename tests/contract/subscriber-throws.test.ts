import { describe, expect, test } from 'vitest';
import { inChild } from './support.js';

describe('Metrics', () => {
  describe('a callback that throws', () => {
    test('is reported the way the platform reports an uncaught error', async () => {
      const { code, stdout, stderr } = await inChild(`
        const error = new Error('subscriber');
        process.on('uncaughtException', (uncaught) => print(uncaught === error ? 'uncaught' : 'another ' + uncaught));
        process.on('unhandledRejection', (reason) => print('unhandled rejection ' + reason));
        const accounts = startProcessor({ minDuration: 0 });
        accounts.subscribeBatchMetrics(() => { throw error });
        await accounts.run('alice', () => {});
        await new Promise((resolve) => setTimeout(resolve, 10));
      `);
      expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'uncaught\n', stderr: '' });
    });

    test('ends the process where nobody handles it', async () => {
      const { code, stderr } = await inChild(`
        const accounts = startProcessor({ minDuration: 0 });
        accounts.subscribeBatchMetrics(() => { throw new Error('from the subscriber') });
        await accounts.run('alice', () => {});
        await new Promise((resolve) => setTimeout(resolve, 1000));
        process.exit(0);
      `);
      expect(code).toBe(1);
      expect(stderr).toContain('from the subscriber');
    });

    test('and disturbs nothing else', async () => {
      const { code, stdout, stderr } = await inChild(`
        process.on('uncaughtException', (uncaught) => print('uncaught ' + String(uncaught)));
        const accounts = startProcessor({ minDuration: 0, loadResource: (key) => { if (key === 'bad') throw new Error('disk'); return {} } });
        accounts.subscribeBatchMetrics((metric) => print('before ' + metric.resourceKey));
        accounts.subscribeBatchMetrics(() => { throw undefined });
        accounts.subscribeBatchMetrics(() => { throw null });
        accounts.subscribeBatchMetrics((metric) => print('after ' + metric.resourceKey));
        print(await accounts.run('alice', () => 'value'));
        print(await accounts.run('bad', () => 'value').catch((error) => error.code));
        print(await accounts.run('alice', () => 'again'));
        await accounts.stop();
        await new Promise((resolve) => setTimeout(resolve, 10));
        print('pending ' + accounts.pending);
      `);
      const lines = stdout.split('\n');
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(lines.filter((line) => line.startsWith('uncaught')).sort()).toEqual([
        ...Array(3).fill('uncaught null'),
        ...Array(3).fill('uncaught undefined'),
      ]);
      expect(lines.filter((line) => line !== '' && !line.startsWith('uncaught'))).toEqual([
        'before alice',
        'after alice',
        'value',
        'before bad',
        'after bad',
        'ERR_LOAD_FAILED',
        'before alice',
        'after alice',
        'again',
        'pending 0',
      ]);
    });

    test('one that returns a rejected promise is an unhandled rejection like any other, or is ignored; the runs settle', async () => {
      const { stdout } = await inChild(`
        process.on('unhandledRejection', () => {});
        const accounts = startProcessor({ minDuration: 0 });
        accounts.subscribeBatchMetrics(async () => { throw new Error() });
        print(await accounts.run('alice', () => 'value'));
      `);
      expect(stdout).toBe('value\n');
    });
  });
});
