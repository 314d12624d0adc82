import { describe, expect, test } from 'vitest';
import { names } from '../hostile/stack/exhaust.js';
import type { Visitor } from './browser.js';

/** What user code can do to it, in the engines of browsers. */
export function hostileTests(visitor: () => Visitor): void {
  describe('Hostile use', () => {
    test('A Proxy that is revoked before the batch ends harms only the runs that returned it', async () => {
      const page = await visitor().open();
      const seen = await page.evaluate(async () => {
        const { startProcessor } = groupcommit;
        const revokes: (() => void)[] = [];
        const accounts = startProcessor<object>({
          minDuration: 0,
          loadResource: async () => {
            const { proxy, revoke } = Proxy.revocable({}, {});
            revokes.push(revoke);
            return proxy;
          },
          saveResource: async (key) => {
            if (key === 'alice') for (const revoke of revokes) revoke();
          },
        });
        const other = startProcessor<number>({ minDuration: 0, loadResource: () => 4 });
        const { signal } = new AbortController();
        const runs = [
          accounts.run('alice', () => 'first'),
          accounts.run('alice', (draft) => draft),
          accounts.run('alice', () => 'between'),
          accounts.update('alice', (draft) => draft),
          accounts.run('alice', (draft) => draft, { signal }),
          accounts.run('alice', () => 'last', { signal }),
          accounts.run('bob', () => 'bob'),
          other.run('carol', (four) => four),
        ].map((run) => watch(run));
        await atRest(...runs);
        const later = [watch(accounts.run('alice', () => 'next')), watch(accounts.stop())];
        await atRest(...later);
        return [...runs, ...later].map(({ state, value }) =>
          state === 'fulfilled' ? (value ?? null) : state,
        );
      });
      const refused = ['TypeError', 'TypeError'];
      expect(seen).toEqual(
        ['first', 'TypeError', 'between', ...refused, 'last', 'bob', 4, 'next', undefined].map(
          (value) => value ?? null,
        ),
      );
    });

    test.each(['lockResource', 'loadResource', 'saveResource'])(
      'A native promise with an own then of any kind, which %s returns, ends its own call at most, and once',
      async (phase) => {
        const page = await visitor().open();
        const seen = await page.evaluate(async (phase) => {
          const { startProcessor } = groupcommit;
          const fail = () => {
            throw new Error('own then');
          };
          type Then = (callBack: (value: unknown) => void) => void;
          const own = phase === 'lockResource' ? () => {} : {};
          const kinds: Record<string, Then> = {
            throws: fail,
            'at once': (callBack) => callBack(own),
            twice: (callBack) => (callBack(own), callBack(own)),
            'then throws': (callBack) => (callBack(own), fail()),
            'late and again': (callBack) =>
              void (setTimeout(callBack, 0, own), setTimeout(callBack, 20, own)),
          };
          const seen: Record<string, unknown[]> = {};
          for (const [kind, then] of Object.entries(kinds)) {
            let calls = 0;
            const gates: (() => void)[] = [];
            const accounts = startProcessor<object>({
              minDuration: 0,
              loadResource: () => ({}),
              [phase]: () =>
                ++calls === 1
                  ? Object.defineProperty(Promise.resolve(own), 'then', { value: then })
                  : new Promise((resolve) => gates.push(() => resolve(undefined))),
            });
            const first = watch(accounts.run('alice', () => 1));
            await atRest(first);
            const other = watch(startProcessor({ minDuration: 0 }).run('alice', () => 2));
            await atRest(other);
            await new Promise((resolve) => setTimeout(resolve, 5));
            const second = watch(accounts.run('alice', () => 3));
            await new Promise((resolve) => setTimeout(resolve, 25));
            seen[kind] = [first.state !== 'pending', other.value, second.state, calls];
            for (const open of gates) open();
            const stopped = watch(accounts.stop());
            await atRest(second, stopped);
            seen[kind].push(second.value, stopped.state);
          }
          return seen;
        }, phase);
        const right = [true, 2, 'pending', 2, 3, 'fulfilled'];
        expect(seen).toEqual({
          throws: right,
          'at once': right,
          twice: right,
          'then throws': right,
          'late and again': right,
        });
      },
    );

    test.each(names)(
      'A call that is made while a runaway recursion unwinds is accepted as a whole, or changes nothing, at every depth: %s',
      async (name) => {
        const page = await visitor().open();
        const wrong = await page.evaluate((name) => exhaust(groupcommit.startProcessor, name, [0]), name);
        expect(wrong).toEqual([]);
      },
    );

    test('Signals and promises of a frame are taken as those of the page, also when the frame has gone', async () => {
      const page = await visitor().open();
      const seen = await page.evaluate(async () => {
        const { startProcessor } = groupcommit;
        const frame = document.body.appendChild(document.createElement('iframe'));
        const realm = frame.contentWindow as unknown as typeof globalThis;
        const controller = new realm.AbortController();
        const { signal } = controller;
        const accounts = startProcessor<object>({
          minDuration: 0,
          loadResource: (key) => {
            if (key === 'hangs') return new Promise<never>(() => {});
            // Firefox runs no reactions to promises of a frame that has gone, for nobody.
            return key === 'bob' ? {} : realm.Promise.resolve(new realm.Object());
          },
          saveResource: (key) =>
            key === 'fails' ? realm.Promise.reject(new realm.Error('disk')) : undefined,
        });
        const runs = [
          accounts.run('alice', () => 'ran', { signal }),
          accounts.run('alice', () => realm.Promise.resolve() as never),
          accounts.run('fails', () => 'ran').catch((error) => Promise.reject(error.cause)),
          accounts.run('hangs', () => 'ran', { signal }),
        ].map((run) => watch(run));
        await atRest(...runs.slice(0, 3));
        controller.abort();
        await atRest(...runs);
        const used = new realm.AbortController();
        frame.remove();
        const after = [
          watch(accounts.run('bob', () => 'after', { signal: used.signal })),
          watch(accounts.flush('bob')),
        ];
        await atRest(...after);
        return [...runs, ...after].map(({ state, value }) =>
          state === 'fulfilled' ? (value ?? null) : state,
        );
      });
      expect(seen).toEqual(['ran', 'TypeError', 'Error', 'ERR_OPERATION_CANCELLED', 'after', null]);
    });
  });
}
