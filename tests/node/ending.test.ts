import { MessageChannel } from 'node:worker_threads';
import { type Processor, startProcessor } from 'groupcommit';
import { describe, expect, test } from 'vitest';
import { heldStore, inChild, rejectionOf, settleDown, watch } from './support.js';

interface Counter {
  count: number;
}
const increment = (counter: Counter) => ++counter.count;
const noop = () => {};
const minute = 60_000;

function open(options: object = {}) {
  const store = heldStore<Counter>();
  return { accounts: startProcessor<Counter>({ ...store, minDuration: minute, ...options }), ...store };
}

describe('Ending', () => {
  describe('flush closes the windows now', () => {
    test('of all keys', async () => {
      const { accounts, loads, saves } = open();
      for (const key of ['alice', 'bob', 'carol']) watch(accounts.run(key, increment));
      await settleDown();
      for (const load of loads) await load.succeed({ count: 0 });
      expect(saves).toHaveLength(0);
      watch(accounts.flush());
      await settleDown();
      expect(saves.map((save) => save.key).sort()).toEqual(['alice', 'bob', 'carol']);
    });

    test('with a key, only of that key', async () => {
      const { accounts, loads, saves } = open();
      const runs = ['alice', 'bob'].map((key) => watch(accounts.run(key, increment)));
      await settleDown();
      for (const load of loads) await load.succeed({ count: 0 });
      const flushed = watch(accounts.flush('bob'));
      await settleDown();
      expect(saves.map((save) => save.key)).toEqual(['bob']);
      await saves[0]?.succeed();
      expect(flushed.outcome.state).toBe('fulfilled');
      expect(runs.map((run) => run.outcome.state)).toEqual(['pending', 'fulfilled']);
    });

    test('a key that is 0 or the empty string is a key, not all of them', async () => {
      const { loads, saves, ...store } = heldStore<Counter, string | number>();
      const accounts = startProcessor<Counter, string | number>({ ...store, minDuration: minute });
      for (const key of [0, '', 'other']) watch(accounts.run(key, increment));
      await settleDown();
      for (const load of loads) await load.succeed({ count: 0 });
      watch(accounts.flush(0));
      await settleDown();
      expect(saves.map((save) => save.key)).toEqual([0]);
      watch(accounts.flush(''));
      await settleDown();
      expect(saves.map((save) => save.key)).toEqual([0, '']);
    });

    test.each(['after its end', 'during its save'])(
      'and only those: a batch of the key that is asked for %s has its whole window again',
      async (when) => {
        const { accounts, loads, saves } = open();
        watch(accounts.run('alice', increment));
        await settleDown();
        await loads[0]?.succeed({ count: 0 });
        watch(accounts.flush());
        await settleDown();
        if (when === 'during its save') watch(accounts.run('alice', increment));
        await saves[0]?.succeed();
        if (when === 'after its end') watch(accounts.run('alice', increment));
        await settleDown();
        await loads[1]?.succeed({ count: 1 });
        expect(loads).toHaveLength(2);
        expect(saves).toHaveLength(1);
        watch(accounts.flush());
        await settleDown();
        expect(saves).toHaveLength(2);
      },
    );
  });

  test('operations that wait for a load run when it is there', async () => {
    const { accounts, loads, saves } = open();
    watch(accounts.run('alice', increment));
    watch(accounts.run('alice', increment));
    await settleDown();
    const flushed = watch(accounts.flush());
    await settleDown();
    expect(saves).toHaveLength(0);
    await loads[0]?.succeed({ count: 0 });
    expect(saves).toHaveLength(1);
    expect(saves[0]?.resource).toEqual({ count: 2 });
    expect(flushed.outcome.state).toBe('pending');
    await saves[0]?.succeed();
    expect(flushed.outcome.state).toBe('fulfilled');
  });

  test('those that wait behind a save form a batch whose window closes at once', async () => {
    const { accounts, loads, saves } = open();
    watch(accounts.run('alice', increment));
    await settleDown();
    await loads[0]?.succeed({ count: 0 });
    watch(accounts.flush());
    await settleDown();
    watch(accounts.run('alice', increment));
    watch(accounts.run('alice', increment));
    const flushed = watch(accounts.flush());
    await settleDown();
    await saves[0]?.succeed();
    expect(loads).toHaveLength(2);
    await loads[1]?.succeed({ count: 1 });
    expect(saves).toHaveLength(2);
    expect(saves[1]?.resource).toEqual({ count: 3 });
    expect(flushed.outcome.state).toBe('pending');
    await saves[1]?.succeed();
    expect(flushed.outcome.state).toBe('fulfilled');
  });

  test('those beyond maxOperations too: no batch that flush waits for keeps its window open', async () => {
    const { accounts, loads, saves } = open({ maxOperations: 2 });
    for (let run = 0; run < 5; run++) watch(accounts.run('alice', increment));
    const flushed = watch(accounts.flush());
    await settleDown();
    for (let batch = 0; batch < 3; batch++) {
      expect(loads).toHaveLength(batch + 1);
      expect(flushed.outcome.state).toBe('pending');
      await loads[batch]?.succeed({ count: 0 });
      await saves[batch]?.succeed();
    }
    expect(saves.map((save) => save.resource.count)).toEqual([2, 2, 1]);
    expect(flushed.outcome.state).toBe('fulfilled');
  });

  describe('flush resolves when every run accepted before it has settled', () => {
    test('all of them, in all states', async () => {
      const { accounts, loads, saves } = open();
      const runs = [watch(accounts.run('alice', increment))];
      await settleDown();
      await loads[0]?.succeed({ count: 0 });
      watch(accounts.flush());
      await settleDown();
      runs.push(watch(accounts.run('alice', increment)), watch(accounts.run('bob', increment)));
      await settleDown();
      const seen: string[] = [];
      const flushed = accounts.flush().then((value) => {
        seen.push(...runs.map((run) => run.outcome.state));
        return value;
      });
      await settleDown();
      await saves[0]?.succeed();
      await loads[1]?.fail(new Error('disk'));
      expect(seen).toEqual([]);
      await loads[2]?.succeed({ count: 1 });
      expect(seen).toEqual([]);
      await saves[1]?.fail(new Error('disk'));
      expect(seen).toEqual(['fulfilled', 'rejected', 'rejected']);
      expect(await flushed).toBeUndefined();
    });

    test.each([
      ['flush()', (accounts: Processor<Counter>) => accounts.flush()],
      ['flush(key)', (accounts: Processor<Counter>) => accounts.flush('bob')],
      ['stop()', (accounts: Processor<Counter>) => accounts.stop()],
    ])(
      'those too whose batch has ended, and whose turn has not come: %s by the first who hears',
      async (_name, end) => {
        const accounts = startProcessor<Counter>({ minDuration: 0, loadResource: () => ({ count: 0 }) });
        const heard: string[] = [];
        const ended = accounts.run('alice', increment).then(async () => {
          await end(accounts);
          heard.push('end');
        });
        for (let run = 0; run < 100; run++) {
          for (const key of ['alice', 'bob', 'carol'])
            accounts.run(key, increment).then(() => heard.push(key));
        }
        await ended;
        expect(heard).toHaveLength(301);
        expect(heard.at(-1)).toBe('end');
      },
    );

    test('also where the batch that ended last has nothing to settle', async () => {
      const accounts = startProcessor<Counter>({ minDuration: 0, loadResource: () => ({ count: 0 }) });
      const controller = new AbortController();
      let heard = 0;
      let heardBefore = 0;
      const ended = accounts.run('alice', increment).then(async () => {
        await accounts.flush();
        heardBefore = heard;
      });
      for (let run = 0; run < 100; run++) {
        for (const key of ['alice', 'bob']) accounts.run(key, increment).then(() => heard++);
      }
      const cancelled = rejectionOf(accounts.run('carol', increment, { signal: controller.signal }));
      controller.abort();
      await Promise.all([ended, cancelled]);
      expect(heardBefore).toBe(200);
    });

    test('at once where there is nothing', async () => {
      const { accounts } = open();
      const flushed = [watch(accounts.flush()), watch(accounts.flush('nobody'))];
      await settleDown();
      expect(flushed.map((flush) => flush.outcome)).toEqual(
        Array(2).fill({ state: 'fulfilled', value: undefined }),
      );
    });

    test('it does not wait for runs that were accepted after it', async () => {
      const { accounts, loads, saves } = open({ minDuration: 0 });
      watch(accounts.run('alice', increment));
      await settleDown();
      await loads[0]?.succeed({ count: 0 });
      const flushed = watch(accounts.flush());
      watch(accounts.run('alice', increment));
      watch(accounts.run('bob', increment));
      await settleDown();
      await saves[0]?.succeed();
      expect(flushed.outcome.state).toBe('fulfilled');
      expect(accounts.pending).toBe(2);
    });

    test('flush(key) does not wait for other keys', async () => {
      const { accounts, loads, saves } = open();
      watch(accounts.run('hangs', increment));
      watch(accounts.run('alice', increment));
      const flushed = watch(accounts.flush('alice'));
      await settleDown();
      await loads[1]?.succeed({ count: 0 });
      await saves[0]?.succeed();
      expect(flushed.outcome.state).toBe('fulfilled');
    });

    test('a second flush while one is under way', async () => {
      const { accounts, loads, saves } = open();
      watch(accounts.run('alice', increment));
      const first = watch(accounts.flush());
      watch(accounts.run('alice', increment));
      const second = watch(accounts.flush('alice'));
      await settleDown();
      await loads[0]?.succeed({ count: 0 });
      await saves[0]?.succeed();
      expect([first, second].map((flush) => flush.outcome.state)).toEqual(['fulfilled', 'pending']);
      await loads[1]?.succeed({ count: 1 });
      await saves[1]?.succeed();
      expect(second.outcome.state).toBe('fulfilled');
    });

    test('cancelled runs have settled', async () => {
      const { accounts, loads, saves } = open();
      const controller = new AbortController();
      watch(accounts.run('alice', increment));
      watch(accounts.run('alice', increment, { signal: controller.signal }));
      const flushed = watch(accounts.flush());
      controller.abort();
      await settleDown();
      expect(flushed.outcome.state).toBe('pending');
      await loads[0]?.succeed({ count: 0 });
      await saves[0]?.succeed();
      expect(flushed.outcome.state).toBe('fulfilled');
    });
  });

  test("and never rejects: the outcome is each run's own", async () => {
    const accounts = startProcessor<Counter>({
      minDuration: minute,
      loadResource: (key) => {
        if (key === 'bad load') throw new Error('disk');
        return { count: 0 };
      },
      saveResource: () => Promise.reject(new Error('disk')),
    });
    const controller = new AbortController();
    const runs = [
      watch(accounts.run('bad load', noop)),
      watch(accounts.run('bad save', noop)),
      watch(
        accounts.read('refused', () => {
          throw new Error('refused');
        }),
      ),
      watch(accounts.run('cancelled', noop, { signal: controller.signal })),
    ];
    controller.abort();
    await accounts.flush();
    await accounts.flush('bad load');
    expect(runs.map((run) => run.outcome.state)).toEqual(Array(4).fill('rejected'));
  });

  describe('From flush() to the call of saveResource of a loaded batch only microtasks may pass, no timer and no macrotask', () => {
    test.each(['flush', 'flush(key)', 'stop'] as const)('%s', async (how) => {
      const { accounts, loads, saves } = open();
      watch(accounts.run('alice', increment));
      await settleDown();
      await loads[0]?.succeed({ count: 0 });
      const macrotasks: string[] = [];
      const channel = new MessageChannel();
      const overtaken = new Promise<void>((resolve) => {
        let left = 4;
        const arrive = (name: string) => () => {
          macrotasks.push(`${name}, saves so far: ${saves.length}`);
          if (--left === 0) resolve();
        };
        channel.port1.on('message', arrive('message'));
        channel.port2.postMessage('');
        setTimeout(arrive('timer'), 0);
        setImmediate(arrive('immediate'));
        Promise.resolve().then(() => process.nextTick(arrive('nextTick')));
      });
      await Promise.resolve();
      watch(accounts.run('alice', increment));
      watch(how === 'stop' ? accounts.stop() : how === 'flush' ? accounts.flush() : accounts.flush('alice'));
      await overtaken;
      channel.port1.close();
      expect(macrotasks.sort()).toEqual(
        ['immediate', 'message', 'nextTick', 'timer'].map((name) => `${name}, saves so far: 1`),
      );
      expect(saves[0]?.resource).toEqual({ count: 2 });
    });

    test('it is there after a few awaits, no matter how many keys are flushed', async () => {
      const { accounts, loads, saves } = open();
      for (let key = 0; key < 100; key++) watch(accounts.run(`key ${key}`, increment));
      await settleDown();
      await Promise.all(loads.map((load) => load.succeed({ count: 0 })));
      watch(accounts.flush());
      let macrotask = false;
      setImmediate(() => (macrotask = true));
      let awaits = 0;
      while (saves.length < 100 && awaits < 200) {
        await undefined;
        awaits++;
      }
      expect(macrotask).toBe(false);
      expect(saves).toHaveLength(100);
    });

    test('as in a page that is being hidden: nothing runs after the event handler but its microtasks', async () => {
      const { code, stdout } = await inChild(`
        const accounts = startProcessor({ minDuration: 60_000, loadResource: () => ({}), saveResource: (key) => print('saved ' + key) });
        accounts.run('alice', () => {});
        setTimeout(() => {
          accounts.run('alice', () => print('ran'));
          accounts.flush();
          setImmediate(() => process.exit(7));
          setTimeout(() => process.exit(7), 0);
          process.nextTick(() => queueMicrotask(() => process.nextTick(() => process.exit(7))));
        }, 10);
      `);
      expect({ code, stdout }).toEqual({ code: 7, stdout: 'ran\nsaved alice\n' });
    });
  });

  describe('stop', () => {
    test('no new runs; otherwise like flush(): the windows close, it resolves when every run has settled', async () => {
      const { accounts, loads, saves } = open();
      const runs = [watch(accounts.run('alice', increment)), watch(accounts.run('bob', increment))];
      await settleDown();
      await loads[0]?.succeed({ count: 0 });
      watch(accounts.flush('alice'));
      await settleDown();
      runs.push(watch(accounts.run('alice', increment)));
      const stopped = watch(accounts.stop());
      expect(await rejectionOf(accounts.run('alice', noop))).toMatchObject({ code: 'ERR_PROCESSOR_STOPPED' });
      expect(await rejectionOf(accounts.run('carol', noop))).toMatchObject({ code: 'ERR_PROCESSOR_STOPPED' });
      expect(loads).toHaveLength(2);
      await loads[1]?.succeed({ count: 0 });
      expect(saves).toHaveLength(2);
      await saves[0]?.succeed();
      await saves[1]?.succeed();
      expect(stopped.outcome.state).toBe('pending');
      await loads[2]?.succeed({ count: 1 });
      expect(saves[2]?.resource).toEqual({ count: 2 });
      expect(stopped.outcome.state).toBe('pending');
      await saves[2]?.succeed();
      expect(stopped.outcome).toEqual({ state: 'fulfilled', value: undefined });
      expect(runs.map((run) => run.outcome.state)).toEqual(Array(3).fill('fulfilled'));
    });

    test('never rejects', async () => {
      const { accounts, loads } = open();
      const run = watch(accounts.run('alice', noop));
      const stopped = watch(accounts.stop());
      await settleDown();
      await loads[0]?.fail(new Error('disk'));
      expect(run.outcome.state).toBe('rejected');
      expect(stopped.outcome.state).toBe('fulfilled');
    });

    test('Idempotent: each call returns a promise for the same end', async () => {
      const { accounts, loads, saves } = open();
      watch(accounts.run('alice', increment));
      const ends = [watch(accounts.stop()), watch(accounts.stop())];
      await settleDown();
      ends.push(watch(accounts.stop()), watch(accounts[Symbol.asyncDispose]()));
      await loads[0]?.succeed({ count: 0 });
      expect(ends.map((end) => end.outcome.state)).toEqual(Array(4).fill('pending'));
      expect(saves).toHaveLength(1);
      await saves[0]?.succeed();
      expect(ends.map((end) => end.outcome)).toEqual(Array(4).fill({ state: 'fulfilled', value: undefined }));
      const late = watch(accounts.stop());
      await settleDown();
      expect(late.outcome.state).toBe('fulfilled');
    });

    test('of a processor that never ran resolves at once', async () => {
      await startProcessor().stop();
    });

    test('flush after stop waits for the same runs', async () => {
      const { accounts, loads, saves } = open();
      watch(accounts.run('alice', increment));
      watch(accounts.stop());
      const flushed = watch(accounts.flush());
      await settleDown();
      await loads[0]?.succeed({ count: 0 });
      expect(flushed.outcome.state).toBe('pending');
      await saves[0]?.succeed();
      expect(flushed.outcome.state).toBe('fulfilled');
      await accounts.flush();
    });

    test('Symbol.asyncDispose calls it', async () => {
      const { accounts, loads, saves } = open();
      watch(accounts.run('alice', increment));
      const disposed = watch(accounts[Symbol.asyncDispose]());
      expect(await rejectionOf(accounts.run('alice', noop))).toMatchObject({ code: 'ERR_PROCESSOR_STOPPED' });
      await settleDown();
      await loads[0]?.succeed({ count: 0 });
      expect(disposed.outcome.state).toBe('pending');
      await saves[0]?.succeed();
      expect(disposed.outcome.state).toBe('fulfilled');
    });
  });

  describe('A processor that is dropped without stop()', () => {
    test('leaks nothing once its batches ended', async () => {
      const { code, stdout, stderr } = await inChild(
        `
          const processors = [], callbacks = [], resources = [], results = [];
          async function oneLife(each) {
            const resource = { each };
            const result = { each };
            const options = { minDuration: each % 2, maxDuration: 2 ** 31 - 1, loadResource: async () => resource, saveResource: async () => {} };
            const accounts = startProcessor(options);
            accounts.subscribeBatchMetrics(() => {});
            await accounts.run('alice', () => result, { signal: new AbortController().signal });
            processors.push(new WeakRef(accounts));
            callbacks.push(new WeakRef(options.loadResource));
            resources.push(new WeakRef(resource));
            results.push(new WeakRef(result));
          }
          for (let each = 0; each < 50; each++) await oneLife(each);
          await left(processors, callbacks, resources, results);
        ${left}`,
        { flags: ['--expose-gc'] },
      );
      expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '0,0,0,0\n', stderr: '' });
    });

    test('leaks nothing either where its callbacks and subscribers refer to it', async () => {
      const { code, stdout, stderr } = await inChild(
        `
          const processors = [], callbacks = [];
          async function oneLife() {
            const loadResource = async () => accounts.pending;
            const accounts = startProcessor({ minDuration: 0, loadResource, saveResource: async () => accounts.pending });
            accounts.subscribeBatchMetrics(() => accounts.pending);
            await accounts.run('alice', () => accounts.pending);
            processors.push(new WeakRef(accounts));
            callbacks.push(new WeakRef(loadResource));
          }
          for (let each = 0; each < 50; each++) await oneLife();
          await left(processors, callbacks);
        ${left}`,
        { flags: ['--expose-gc'] },
      );
      expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '0,0\n', stderr: '' });
    });

    test('nor does a stopped one', async () => {
      const { code, stdout, stderr } = await inChild(
        `
          const processors = [];
          const { signal } = new AbortController();
          async function oneLife() {
            const accounts = startProcessor({ minDuration: 0, loadResource: async () => accounts.pending });
            accounts.subscribeBatchMetrics(() => accounts.pending, { signal });
            accounts.run('alice', () => {}, { signal });
            await accounts.stop();
            processors.push(new WeakRef(accounts));
          }
          for (let each = 0; each < 50; each++) await oneLife();
          await left(processors);
        ${left}`,
        { flags: ['--expose-gc'] },
      );
      expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '0\n', stderr: '' });
    });

    test('and still finishes a batch that was pending when it was dropped', async () => {
      const { code, stdout } = await inChild(
        `
          function drop() {
            const accounts = startProcessor({ minDuration: 100, loadResource: () => ({}), saveResource: () => print('saved') });
            accounts.run('alice', () => {}).then(() => print('settled'));
          }
          drop();
          for (let round = 0; round < 5; round++) {
            gc();
            await new Promise((resolve) => setTimeout(resolve, 5));
          }
        `,
        { flags: ['--expose-gc'] },
      );
      expect({ code, stdout }).toEqual({ code: 0, stdout: 'saved\nsettled\n' });
    });

    test('lets an idle Node process exit by itself although maxDuration is far', async () => {
      const { code, stdout, stderr } = await inChild(`
        const accounts = startProcessor({ minDuration: 5, maxDuration: 2 ** 31 - 1, loadResource: (key, { signal }) => (signal.aborted, {}) });
        await accounts.run('alice', () => {});
        await Promise.allSettled([accounts.run('alice', () => { throw new Error() }), accounts.read('bob', () => {})]);
        startProcessor();
        accounts.batchMetrics().next();
        accounts.subscribeBatchMetrics(() => {});
        print('idle');
      `);
      expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'idle\n', stderr: '' });
    });

    test('lets it exit although a window was closed long before its time', async () => {
      const { code, stdout, stderr } = await inChild(`
        const accounts = startProcessor({ minDuration: 2 ** 31 - 1, maxOperations: 2, loadResource: async (key) => { if (key === 'bad') throw new Error() } });
        const runs = [accounts.run('alice', () => {}), accounts.run('bad', () => {}), accounts.run('full', () => {}), accounts.run('full', () => {})];
        await accounts.flush('alice');
        await Promise.allSettled(runs);
        print('idle');
      `);
      expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'idle\n', stderr: '' });
    });

    test('keeps a Node process alive while a batch is pending: its window is open', async () => {
      const { code, stdout } = await inChild(`
        const accounts = startProcessor({ minDuration: 150 });
        accounts.run('alice', () => {}).then(() => print('settled'));
      `);
      expect({ code, stdout }).toEqual({ code: 0, stdout: 'settled\n' });
    });

    test('keeps a Node process alive while a batch is pending: it hangs until its signal aborts', async () => {
      const { code, stdout } = await inChild(`
        const accounts = startProcessor({
          minDuration: 5,
          maxDuration: 150,
          loadResource: (key, { signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
        });
        accounts.run('alice', () => {}).catch((error) => print(error.code + ' ' + error.cause.name));
      `);
      expect({ code, stdout }).toEqual({ code: 0, stdout: 'ERR_LOAD_FAILED TimeoutError\n' });
    });
  });
});

/** Waits until all referents are collected, at most a few rounds, and prints how many are left of each list. */
const left = `
  async function left(...lists) {
    const count = () => lists.map((list) => list.filter((reference) => reference.deref()).length);
    for (let round = 0; round < 20 && count().some(Boolean); round++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      gc();
    }
    print(count());
  }
`;
