import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
// @ts-expect-error: it has no declarations
import { startProcessor } from '../../bench/hand-written/in-context.mjs';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

interface Caller {
  name: string;
}

/** Keeps no caller alive: only weak references to them. */
class Callers {
  readonly storage = new AsyncLocalStorage<Caller>();
  readonly #stores: WeakRef<Caller>[] = [];

  as<T>(name: string, work: () => T): T {
    const caller = { name };
    this.#stores.push(new WeakRef(caller));
    return this.storage.run(caller, work);
  }

  get current() {
    return this.storage.getStore()?.name;
  }

  get alive() {
    return this.#stores.flatMap((store) => store.deref()?.name ?? []);
  }

  async remaining() {
    for (let pass = 0; pass < 5; pass++) {
      await sleep(5);
      collectGarbage();
    }
    return this.alive;
  }
}

describe('The hand-written code in context', () => {
  test.each([0, 10])(
    'loads and saves as the run that began the batch, and executes each operation as its caller (window %d)',
    async (minDuration) => {
      const callers = new Callers();
      const seen: string[] = [];
      const note = (what: string, key: string) => seen.push(`${what} ${key} as ${callers.current}`);
      const processor = startProcessor({
        minDuration,
        async loadResource(key: string) {
          note('load', key);
          await sleep(1);
          return {};
        },
        async saveResource(key: string) {
          note('save', key);
          await sleep(1);
        },
      });
      const run = (name: string, key: string) =>
        callers.as(name, () => processor.run(key, () => void note('operation', key)));

      const first = [run('A', 'a'), run('B', 'a'), run('C', 'c')];
      while (!seen.includes('save a as A')) await sleep(1);
      // These wait for a save that others began.
      const second = [run('D', 'a'), run('E', 'a')];
      await Promise.all([...first, ...second]);

      const of = (key: string) => seen.filter((line) => line.includes(` ${key} `));
      expect(of('a')).toEqual([
        'load a as A',
        'operation a as A',
        'operation a as B',
        'save a as A',
        'load a as D',
        'operation a as D',
        'operation a as E',
        'save a as D',
      ]);
      expect(of('c')).toEqual(['load c as C', 'operation c as C', 'save c as C']);
    },
  );

  test.each([
    ['saved', { minDuration: 0 }, undefined],
    ['saved after a window', { minDuration: 10 }, undefined],
    ['not loaded', { minDuration: 10 }, 'load'],
    ['not saved', { minDuration: 0 }, 'save'],
  ])(
    'keeps nothing of a context when the runs are %s, though the store keeps what it was given',
    async (_, options, fails) => {
      const callers = new Callers();
      const given: unknown[] = [];
      const processor = startProcessor({
        ...options,
        async loadResource(_key: string, context: { signal: AbortSignal }) {
          given.push(context, context.signal);
          if (fails === 'load') throw new Error('no');
          return {};
        },
        async saveResource() {
          if (fails === 'save') throw new Error('no');
        },
      });
      const settle = async () => {
        const run = (name: string, key: string) =>
          callers.as(name, () => processor.run(key, () => {}, { signal: new AbortController().signal }));
        const outcomes = await Promise.allSettled([run('A', 'a'), run('B', 'a'), run('C', 'c')]);
        return outcomes.map(({ status }) => status);
      };
      const status = fails ? 'rejected' : 'fulfilled';
      expect(await settle()).toEqual([status, status, status]);
      expect(await callers.remaining()).toEqual([]);
      expect(given).toHaveLength(4);
      await processor.stop();
    },
  );

  test('keeps nothing of the context of whoever opened a window, while others are open', async () => {
    const callers = new Callers();
    const processor = startProcessor({ minDuration: 50, loadResource: () => ({}), saveResource: () => {} });
    let isSettled = false;
    const settle = () => void (isSettled = true);
    callers.as('first', () => processor.run('first', () => {})).then(settle);
    // When the first window closes there are others: so the timer is armed from within the timer.
    let others = 0;
    const open = () => callers.as('other', () => processor.run(`other ${others++}`, () => {}));
    while (!isSettled) {
      open();
      await sleep(5);
    }
    const last = open();
    collectGarbage();
    await sleep(0);
    collectGarbage();
    expect(callers.alive).not.toContain('first');
    await last;
    await processor.stop();
  });
});
