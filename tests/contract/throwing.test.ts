import { describe, expect, test } from 'vitest';
import { methods, noop, open, settleDown, watch } from './support.js';

describe('What a caller gets', () => {
  describe('An operation that throws', () => {
    const thrown: [string, unknown][] = [
      ['an Error', new Error('refused')],
      ['undefined', undefined],
      ['null', null],
      ['a string', 'refused'],
      ['0', 0],
      ['a symbol', Symbol('refused')],
      ['a frozen object', Object.freeze({})],
      ['a function', noop],
      ['a thenable', { then: noop }],
    ];
    for (const method of methods) {
      test.each(thrown)(
        `rejects its own caller only, with the very error it threw (${method}: %s)`,
        async (_, error) => {
          const { accounts, load, save, saves } = open();
          const before = accounts.run('alice', (counter) => ++counter.count);
          const throwing = watch(
            accounts[method as 'run']('alice', () => {
              throw error;
            }),
          );
          const after = accounts.run('alice', (counter) => ++counter.count);
          await load();
          await save();
          expect(throwing.outcome.state).toBe('rejected');
          expect(Object.is((throwing.outcome as { reason: unknown }).reason, error)).toBe(true);
          expect(await before).toBe(1);
          expect(await after).toBe(2);
          expect(saves[0]?.resource).toEqual({ count: 2 });
        },
      );
    }

    test('once the batch has ended', async () => {
      const { accounts, load, saves } = open();
      watch(accounts.run('alice', noop));
      const throwing = watch(
        accounts.run('alice', () => {
          throw new Error('refused');
        }),
      );
      await load();
      watch(accounts.flush());
      await settleDown();
      expect(throwing.outcome.state).toBe('pending');
      await saves[0]?.succeed();
      expect(throwing.outcome).toMatchObject({ state: 'rejected', reason: { message: 'refused' } });
    });

    test('the resource is saved as it stands', async () => {
      const { accounts, load, save, saves } = open();
      watch(accounts.run('alice', noop));
      watch(
        accounts.run('alice', (counter) => {
          counter.count = -5;
          throw new Error('too late');
        }),
      );
      await load({ count: 1 });
      await save();
      expect(saves[0]?.resource).toEqual({ count: -5 });
    });

    test("If the batch fails, its caller gets the batch's error", async () => {
      const { accounts, load, saves } = open();
      watch(accounts.run('alice', noop));
      const throwing = watch(
        accounts.run('alice', () => {
          throw new Error('refused');
        }),
      );
      await load();
      watch(accounts.flush());
      await settleDown();
      await saves[0]?.fail('disk');
      expect(throwing.outcome).toMatchObject({
        state: 'rejected',
        reason: { code: 'ERR_SAVE_FAILED', cause: 'disk' },
      });
    });
  });
});
