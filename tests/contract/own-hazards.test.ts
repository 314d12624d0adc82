import { startProcessor } from 'groupcommit';
import { describe, expect, test } from 'vitest';
import { inChild, noop, open, settleDown, watch } from './support.js';

describe('A signal counts as aborted when signal.aborted says so, whatever its listeners did to the event', () => {
  test.each(['run', 'update', 'read'])('another listener stops the event: %s', async (method) => {
    const { accounts, load, saves } = open({ minDuration: 0 });
    const controller = new AbortController();
    const { signal } = controller;
    signal.addEventListener('abort', (event) => event.stopImmediatePropagation());
    let ran = false;
    const run = watch(accounts[method as 'run']('alice', () => void (ran = true), { signal }));
    const other = watch(accounts.run('alice', () => 'ran'));
    await settleDown();
    controller.abort('left');
    await load();
    await saves[0]?.succeed();
    expect(ran).toBe(false);
    expect(run.outcome).toMatchObject({
      state: 'rejected',
      reason: { code: 'ERR_OPERATION_CANCELLED', cause: 'left' },
    });
    expect(other.outcome).toEqual({ state: 'fulfilled', value: 'ran' });
  });

  test('a listener of another run on the same signal is not heard of twice', async () => {
    const { accounts, load } = open();
    const controller = new AbortController();
    const { signal } = controller;
    signal.addEventListener('abort', (event) => event.stopImmediatePropagation());
    const runs = [1, 2].map(() => watch(accounts.run('alice', noop, { signal })));
    controller.abort();
    await load();
    const late = watch(accounts.run('alice', noop, { signal }));
    await settleDown();
    expect([...runs, late].map((run) => run.outcome)).toMatchObject(
      Array(3).fill({ state: 'rejected', reason: { code: 'ERR_OPERATION_CANCELLED' } }),
    );
    expect(accounts.pending).toBe(0);
  });
});

describe('What a call costs does not grow with what is pending', () => {
  /** What so many calls take of the heap behind a save that hangs, in bytes. */
  const taken = async (calls: number, call: string) => {
    const { code, stdout } = await inChild(
      `
        const accounts = startProcessor({ minDuration: 0, saveResource: () => new Promise(() => {}) });
        const { signal } = new AbortController();
        const held = [];
        const call = (each) => held.push(${call});
        accounts.run('alice', () => {});
        await new Promise((resolve) => setTimeout(resolve, 5));
        for (let each = 0; each < 100; each++) call(each);
        gc();
        const before = process.memoryUsage().heapUsed;
        for (let each = 0; each < ${calls}; each++) call(each);
        await new Promise((resolve) => setTimeout(resolve, 5));
        gc();
        print(process.memoryUsage().heapUsed - before);
        process.exit(0);
      `,
      { flags: ['--expose-gc'] },
    );
    expect(code).toBe(0);
    return Number(stdout);
  };

  test.each([
    ['flush(key)', "accounts.run('alice', () => {}), accounts.flush('alice')"],
    ['flush()', "accounts.run('alice', () => {}), accounts.flush()"],
    ['run', "accounts.run('alice', () => {}, { signal })"],
  ])('a thousand flushes behind a save that hangs cost a thousand times one: %s', async (_, call) => {
    const [few, many] = [await taken(200, call), await taken(1_600, call)];
    // Eight times as many: 8 if each costs the same, 64 if each costs what is pending.
    expect(few).toBeGreaterThan(0);
    expect(many).toBeGreaterThan(0);
    expect(many / few).toBeLessThan(16);
  });
});

describe('To flush again costs nothing', () => {
  /** How many promises are made by so many flushes of a key, behind as many batches that wait for each other. */
  const made = async (count: number) => {
    const { code, stdout } = await inChild(`
      import { createHook } from 'node:async_hooks';
      const accounts = startProcessor({ minDuration: 0, maxOperations: 1, saveResource: () => new Promise(() => {}) });
      for (let run = 0; run < ${count}; run++) accounts.run('alice', () => {});
      accounts.flush('alice');
      await new Promise((resolve) => setTimeout(resolve, 5));
      let made = 0;
      createHook({ init: (id, type) => void (made += type === 'PROMISE') }).enable();
      for (let flush = 0; flush < ${count}; flush++) accounts.flush('alice');
      await new Promise((resolve) => setTimeout(resolve, 5));
      print(made);
      process.exit(0);
    `);
    expect(code).toBe(0);
    return Number(stdout);
  };

  test('as many flushes as there are batches make as many promises each', async () => {
    const [few, many] = [await made(50), await made(400)];
    expect(few).toBeGreaterThan(0);
    // Eight times as many: 8 if each costs the same, 64 if each costs what is pending.
    expect(many / few).toBeLessThan(16);
  });
});

describe('loadResource, saveResource or lockResource that waits for a run, a flush or a stop of its own key', () => {
  const functions = ['loadResource', 'saveResource', 'lockResource'];
  test.each(functions.flatMap((name) => ['run', 'flush', 'stop'].map((what) => [name, what])))(
    '%s that waits for a %s, and nobody else',
    async (name, what) => {
      const wait = {
        run: () => accounts.run('alice', noop),
        flush: () => accounts.flush('alice'),
        stop: () => accounts.stop(),
      };
      const accounts = startProcessor<unknown>({
        minDuration: 0,
        [name as string]: async (key: string) => {
          if (key === 'alice') await wait[what as 'run']();
        },
      });
      const bob = watch(accounts.run('bob', () => 'ran'));
      const alice = watch(accounts.run('alice', noop));
      await settleDown();
      await settleDown();
      expect(alice.outcome.state).toBe('pending');
      expect(bob.outcome).toEqual({ state: 'fulfilled', value: 'ran' });
    },
  );
});
