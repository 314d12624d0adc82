import { MessageChannel } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { inChild, increment, open, settleDown, watch } from './support.js';

describe('Ending', () => {
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
});
