import { startProcessor } from 'groupcommit';
import { describe, expect, test } from 'vitest';
import { inChild, methods, noop, open, rejectionOf, settleDown } from './support.js';

describe('What a caller gets', () => {
  describe('An operation that returns a thenable is a mistake: TypeError to its caller', () => {
    const thenables: [string, () => unknown][] = [
      ['a promise', () => Promise.resolve(1)],
      ['an async function', async () => 1],
      ['a promise that never settles', () => new Promise(noop)],
      ['a promise that rejects', () => Promise.reject(new Error('lost'))],
      ['an async function that throws', async () => Promise.reject(new Error('lost'))],
      ['an object with a then', () => ({ then: noop })],
      [
        'an object with a then that throws',
        () => ({
          then: () => {
            throw new Error('then');
          },
        }),
      ],
      ['a function with a then', () => Object.assign(() => {}, { then: noop })],
      ['an object that inherits then', () => Object.create({ then: noop })],
    ];
    for (const method of methods) {
      test.each(thenables)(`${method}: %s`, async (_, operation) => {
        const { accounts, load, save } = open();
        const before = accounts.run('alice', (counter) => ++counter.count);
        const mistaken = rejectionOf(accounts[method as 'run']('alice', operation as never));
        const after = accounts.run('alice', (counter) => ++counter.count);
        await load();
        await save();
        expect(await mistaken).toBeInstanceOf(TypeError);
        expect(await before).toBe(1);
        expect(await after).toBe(2);
      });
    }

    test('If it is a native promise its own rejection is not left unhandled', async () => {
      const { code, stdout, stderr } = await inChild(`
        process.on('unhandledRejection', (reason) => print('unhandled: ' + reason));
        const accounts = startProcessor({ minDuration: 0 });
        const operations = [
          () => Promise.reject('at once'),
          async () => { throw 'async' },
          () => new Promise((_, reject) => setTimeout(reject, 30, 'late')),
          () => Promise.resolve().then(() => { throw 'then' }),
        ];
        for (const method of ['run', 'update', 'read'])
          for (const operation of operations)
            await accounts[method]('alice', operation).catch((error) => print(error.name));
      `);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout.split('\n').filter(Boolean)).toEqual(Array(12).fill('TypeError'));
    });

    test.each(methods)(
      'any other thenable is not touched (to call the then of a query builder would send the query): %s',
      async (method) => {
        let sent = 0;
        const query = {
          where: () => query,
          then: () => void sent++,
        };
        const accounts = startProcessor({ minDuration: 0 });
        expect(
          await rejectionOf(accounts[method as 'run']('alice', () => query.where() as never)),
        ).toBeInstanceOf(TypeError);
        await accounts.stop();
        await settleDown();
        expect(sent).toBe(0);
      },
    );
  });
});
