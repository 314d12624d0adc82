import { startProcessor } from 'groupcommit';
import { describe, expect, test } from 'vitest';
import { inChild, settleDown, watch } from './support.js';

describe('The engine is entered on an empty stack only', () => {
  test('never inside a call of run, flush, stop, abort or subscribe, or of a function of the user', async () => {
    const { code, stdout, stderr } = await inChild(`
      let inside = false;
      let entries = 0;
      const entered = new Set();
      const { Instance } = WebAssembly;
      const guarded = ([name, value]) => [name, typeof value !== 'function' ? value : (...args) => {
        entries++;
        if (inside) entered.add(name);
        return value(...args);
      }];
      WebAssembly.Instance = class {
        constructor(...args) {
          this.exports = Object.fromEntries(Object.entries(new Instance(...args).exports).map(guarded));
        }
      };
      const during = (call) => (...args) => {
        const before = inside;
        inside = true;
        try {
          return call(...args);
        } finally {
          inside = before;
        }
      };
      const controller = new AbortController();
      const { signal } = controller;
      const hear = (promise) => promise.then(during(everything), during(everything));
      let rounds = 0;
      function everything() {
        if (rounds++ > 50) return;
        hear(accounts.run('alice', operation));
        hear(accounts.read('bob', operation, { signal }));
        hear(accounts.flush());
        hear(accounts.flush('bob'));
        accounts.subscribeBatchMetrics(() => {})();
        if (rounds === 25) controller.abort();
      }
      const operation = during(everything);
      const accounts = startProcessor({
        minDuration: 0,
        maxOperations: 3,
        lockResource: during(() => (everything(), during(everything))),
        loadResource: during(async () => everything()),
        saveResource: during(everything),
      });
      accounts.subscribeBatchMetrics(during(everything));
      signal.addEventListener('abort', during(everything));
      during(everything)();
      await new Promise((resolve) => setTimeout(resolve, 10));
      await during(() => accounts.stop())();
      print(rounds > 50 && entries > 50 ? 'entered' : 'hardly entered');
      print([...entered]);
    `);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'entered\n\n', stderr: '' });
  });

  test('so nothing of the user is called inside a call, whatever is called', async () => {
    let inside = false;
    const called: string[] = [];
    const note = (name: string) => called.push(inside ? `${name}, inside a call` : name);
    const accounts = startProcessor<object>({
      minDuration: 0,
      lockResource: () => (note('lock'), () => void note('release')),
      loadResource: () => (note('load'), {}),
      saveResource: () => void note('save'),
    });
    const call = <T>(make: () => T): T => {
      inside = true;
      const made = make();
      inside = false;
      return made;
    };
    const controller = new AbortController();
    call(() => accounts.subscribeBatchMetrics(() => note('metric')));
    for (let round = 0; round < 3; round++) {
      watch(call(() => accounts.run('alice', () => note('operation'))));
      watch(call(() => accounts.run('alice', () => note('operation'), { signal: controller.signal })));
      watch(call(() => accounts.flush()));
      watch(call(() => accounts.run('bob', () => note('operation'), { signal: controller.signal })));
      watch(call(() => accounts.flush('bob')));
      await (round === 1 ? Promise.resolve() : settleDown());
    }
    call(() => controller.abort());
    const stopped = call(() => accounts.stop());
    await stopped;
    expect(new Set(called)).toEqual(new Set(['lock', 'load', 'operation', 'save', 'release', 'metric']));
  });
});

describe("A call that fails because the caller's stack is exhausted (it may throw then, instead of rejecting) changes nothing", () => {
  /** Calls at each of the last frames of a runaway recursion, and prints whether all else goes on. */
  const script = (call: string) => `
    const start = () => startProcessor({ minDuration: 0, loadResource: () => ({ count: 0 }), saveResource: () => {} });
    const accounts = start();
    const other = start();
    const increment = (counter) => ++counter.count;
    const call = (frame) => ${call};
    // Every path has run before, or this would measure the compiler.
    await Promise.allSettled([call('warm'), other.run('warm', increment), other.flush('warm')]);
    const promises = [];
    let frames = 0;
    let thrown = 0;
    function recurse() {
      try {
        recurse();
      } finally {
        if (frames++ < 60) {
          try {
            promises.push(call(frames));
          } catch {
            thrown++;
          }
        }
      }
    }
    try {
      recurse();
    } catch (error) {
      print(error.name);
    }
    const settled = await Promise.allSettled(promises);
    print(settled.length + thrown);
    print([await other.run('alice', increment), await start().run('alice', increment)].join(' '));
    await accounts.flush();
    await accounts.stop();
    await other.stop();
    print('pending ' + accounts.pending);
  `;

  test.each([
    ['run', "accounts.run('key ' + frame, increment)"],
    ['run, all on one key', "accounts.run('alice', increment)"],
    ['update', "accounts.update('key ' + frame, (counter) => counter)"],
    ['read', "accounts.read('key ' + frame, (counter) => counter.count)"],
    [
      'run with a signal',
      "accounts.run('key ' + frame, increment, { signal: new AbortController().signal })",
    ],
    ['flush', "(accounts.run('key ' + frame, increment).catch(() => {}), accounts.flush())"],
    ['flush(key)', "(accounts.run('alice', increment).catch(() => {}), accounts.flush('alice'))"],
    ['stop', "{ const each = start(); each.run('alice', increment).catch(() => {}); return each.stop(); }"],
  ])('%s', async (_, call) => {
    // V8 itself writes to the standard error when a promise is rejected on such a stack.
    const { code, stdout } = await inChild(script(call));
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'RangeError\n60\n1 1\npending 0\n' });
  });
});
