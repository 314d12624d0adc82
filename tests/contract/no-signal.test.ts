import { startProcessor } from 'groupcommit';
import { describe, expect, test } from 'vitest';
import { type Counter, heldStore, methods, noop, open, rejectionOf, settleDown, watch } from './support.js';

describe('A signal that is no AbortSignal: TypeError', () => {
  // Not null, which fetch takes for none.
  const signals: [string, unknown][] = [
    ['a string', 'signal'],
    ['true', true],
    ['0', 0],
    ['an AbortController', new AbortController()],
    ['an object that looks like one', { aborted: false, addEventListener: noop, removeEventListener: noop }],
    ['an EventTarget', new EventTarget()],
  ];
  for (const method of methods) {
    test.each(signals)(`${method}: %s`, async (_, signal) => {
      const { accounts, loads } = open();
      expect(
        await rejectionOf(
          accounts[method as 'run']('alice', (counter) => counter, { signal: signal as never }),
        ),
      ).toBeInstanceOf(TypeError);
      await settleDown();
      expect(loads).toHaveLength(0);
      expect(accounts.pending).toBe(0);
    });
  }

  test('undefined is none', async () => {
    const accounts = startProcessor<Counter>({ minDuration: 0 });
    expect(await accounts.run('alice', () => 1, { signal: undefined })).toBe(1);
    expect(await accounts.run('alice', () => 2, {})).toBe(2);
    expect(await accounts.run('alice', () => 3, undefined)).toBe(3);
  });

  test.for([Infinity, 2])(
    'A signal that cannot be listened to rejects its run with what that threw, and nothing else; maxOperations %s',
    async (maxOperations) => {
      const { loadResource, saveResource } = heldStore<Counter>();
      const accounts = startProcessor({ minDuration: 0, maxOperations, loadResource, saveResource });
      const signal = {
        [Symbol.toStringTag]: 'AbortSignal',
        aborted: false,
        addEventListener: () => {
          throw new Error('nobody listens');
        },
      } as unknown as AbortSignal;
      for (let call = 0; call < 2; call++)
        expect(await rejectionOf(accounts.run('alice', noop, { signal }))).toMatchObject({
          message: 'nobody listens',
        });
      expect(accounts.pending).toBe(0);
      await accounts.flush();

      const counters = startProcessor({
        minDuration: 0,
        maxOperations,
        loadResource: () => ({ count: 0 }),
      });
      watch(counters.run('visits', noop, { signal }));
      expect(await counters.run('visits', (counter) => ++counter.count)).toBe(1);
      watch(counters.run('visits', noop, { signal }));
      await settleDown();
      expect(await counters.run('visits', (counter) => ++counter.count)).toBe(1);
      expect(counters.pending).toBe(0);
      await counters.stop();
    },
  );
});
