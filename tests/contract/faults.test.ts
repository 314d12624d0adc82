import { type BatchError, startProcessor } from 'groupcommit';
import { describe, expect, test } from 'vitest';
import { deferred, inChild, noop, settleDown, watch } from './support.js';

describe('Whatever the callbacks, operations, values, keys, signals, thenables and subscribers are or do', () => {
  test('a callback that never settles keeps only its key: everything else goes on, and stop() waits', async () => {
    const accounts = startProcessor<unknown>({
      minDuration: 0,
      loadResource: (key) => (key === 'load hangs' ? new Promise(noop) : {}),
      saveResource: (key) => (key === 'save hangs' ? new Promise(noop) : undefined),
    });
    const hanging = ['load hangs', 'save hangs'].map((key) => watch(accounts.run(key, noop)));
    for (let run = 0; run < 100; run++) expect(await accounts.run(`key ${run % 3}`, () => run)).toBe(run);
    const stopped = watch(accounts.stop());
    await settleDown();
    expect([...hanging, stopped].map((each) => each.outcome.state)).toEqual(Array(3).fill('pending'));
    expect(accounts.pending).toBe(2);
  });

  test('a callback that settles after stop() still ends its batch', async () => {
    const gate = deferred<string>();
    const accounts = startProcessor<string>({ minDuration: 0, loadResource: () => gate.promise });
    const run = watch(accounts.run('alice', (resource) => resource));
    const stopped = watch(accounts.stop());
    await settleDown();
    expect(stopped.outcome.state).toBe('pending');
    gate.resolve('late');
    await settleDown();
    expect(run.outcome).toEqual({ state: 'fulfilled', value: 'late' });
    expect(stopped.outcome.state).toBe('fulfilled');
  });

  test('failures of one batch do not spoil the next, a thousand times', async () => {
    let calls = 0;
    const accounts = startProcessor<object>({
      minDuration: 0,
      loadResource: () => (++calls % 3 === 0 ? Promise.reject('load') : Promise.resolve({})) as never,
      saveResource: () => (++calls % 5 === 0 ? Promise.reject('save') : undefined),
    });
    const outcomes = new Map<unknown, number>();
    for (let batch = 0; batch < 1000; batch++) {
      const outcome = await accounts.run('alice', () => 'saved').catch((error: BatchError) => error.cause);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    expect([...outcomes.keys()].sort()).toEqual(['load', 'save', 'saved']);
    expect([...outcomes.values()].reduce((sum, count) => sum + count)).toBe(1000);
    expect(accounts.pending).toBe(0);
  });

  test("an abort listener of the batch's signal that throws is an uncaught error and disturbs nothing", async () => {
    const { code, stdout, stderr } = await inChild(`
      process.on('uncaughtException', (error) => print('uncaught ' + error));
      const accounts = startProcessor({
        minDuration: 0,
        maxDuration: 20,
        loadResource: (key, { signal }) => new Promise((resolve) => {
          signal.addEventListener('abort', () => { resolve({}); throw 'listener of ' + key });
          if (key === 'fast') resolve({});
        }),
      });
      print(await accounts.run('fast', () => 1));
      print(await accounts.run('slow', () => 2));
      await accounts.stop();
      await new Promise((resolve) => setTimeout(resolve, 10));
    `);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n').filter(Boolean).sort()).toEqual([
      '1',
      '2',
      'uncaught listener of fast',
      'uncaught listener of slow',
    ]);
  });

  test('handled rejections leave nothing unhandled behind', async () => {
    const { code, stdout, stderr } = await inChild(`
      process.on('unhandledRejection', (reason) => print('unhandled ' + reason));
      const accounts = startProcessor({
        minDuration: 0,
        loadResource: (key) => (key === 'load' ? Promise.reject('disk') : {}),
        saveResource: () => Promise.reject('disk'),
      });
      const controller = new AbortController();
      const { signal } = controller;
      const runs = [
        accounts.run('load', () => {}),
        accounts.run('save', () => {}),
        accounts.run('save', () => { throw 'refused' }),
        accounts.run('save', async () => { throw 'async' }),
        accounts.run('save', () => {}, { signal }),
        accounts.run({}, () => {}),
        accounts.run('save', () => {}, { signal: AbortSignal.abort() }),
      ];
      controller.abort();
      accounts.flush();
      accounts.stop();
      runs.push(accounts.run('late', () => {}));
      print((await Promise.allSettled(runs)).map((result) => result.status[0]).join(''));
      await new Promise((resolve) => setTimeout(resolve, 10));
    `);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'rrrrrrrr\n', stderr: '' });
  });

  test('a rejection that its caller does not handle is an unhandled rejection, once for each run', async () => {
    const { stdout } = await inChild(`
      process.on('unhandledRejection', (reason) => print('unhandled ' + reason.code));
      const accounts = startProcessor({ minDuration: 0, loadResource: () => Promise.reject('disk') });
      accounts.run('alice', () => {});
      accounts.run('alice', () => {});
      accounts.flush();
    `);
    expect(stdout).toBe('unhandled ERR_LOAD_FAILED\nunhandled ERR_LOAD_FAILED\n');
  });

  test('processors have nothing in common', async () => {
    const one = startProcessor<string>({ minDuration: 0, loadResource: () => 'one' });
    const other = startProcessor<string>({ minDuration: 0, loadResource: () => 'other' });
    const runs = [one.run('alice', (each) => each), other.run('alice', (each) => each)];
    watch(one.stop());
    expect(await Promise.all(runs)).toEqual(['one', 'other']);
    expect(await other.run('alice', (each) => each)).toBe('other');
  });
});
