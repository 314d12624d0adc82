import { getEventListeners } from 'node:events';
import { OperationCancelledError } from 'groupcommit';
import { describe, expect, test } from 'vitest';
import { inChild, methods, noop, open, rejectionOf, settleDown, watch } from './support.js';

describe('Any number of runs may use one signal', () => {
  test('they share one listener on it, and none is left when they have settled', async () => {
    const { accounts, loads, saves } = open();
    const { signal } = new AbortController();
    const listeners = () => getEventListeners(signal, 'abort').length;
    const runs: Promise<unknown>[] = [];
    for (let run = 0; run < 400; run++) {
      runs.push(accounts[methods[run % 3] as 'run'](`key ${run % 5}`, noop, { signal }));
      expect(listeners()).toBe(1);
    }
    await settleDown();
    expect(listeners()).toBe(1);
    for (const load of loads) await load.succeed({ count: 0 });
    expect(listeners()).toBeLessThanOrEqual(1);
    watch(accounts.flush());
    await settleDown();
    for (const save of saves) await save.succeed();
    await Promise.all(runs);
    expect(listeners()).toBe(0);
  });

  test('none is left when they were cancelled, or their load failed, or the processor stopped', async () => {
    const { accounts, loads } = open();
    const controller = new AbortController();
    const failing = new AbortController();
    for (let run = 0; run < 20; run++) {
      watch(accounts.run('alice', noop, { signal: controller.signal }));
      watch(accounts.run('bob', noop, { signal: failing.signal }));
    }
    await settleDown();
    controller.abort();
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    await loads[1]?.fail(new Error('disk'));
    expect(getEventListeners(failing.signal, 'abort')).toEqual([]);
    watch(accounts.stop());
    const late = new AbortController();
    watch(accounts.run('alice', noop, { signal: late.signal }));
    watch(accounts.run(Number.NaN as never, noop, { signal: late.signal }));
    watch(accounts.run('alice', 1 as never, { signal: late.signal }));
    expect(getEventListeners(late.signal, 'abort')).toEqual([]);
  });

  test('it can be used again afterwards', async () => {
    const { accounts, load, save } = open();
    const controller = new AbortController();
    watch(accounts.run('alice', noop, { signal: controller.signal }));
    await load();
    await save();
    const second = rejectionOf(accounts.run('alice', noop, { signal: controller.signal }));
    const third = rejectionOf(accounts.run('bob', noop, { signal: controller.signal }));
    controller.abort();
    expect(await second).toBeInstanceOf(OperationCancelledError);
    expect(await third).toBeInstanceOf(OperationCancelledError);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  test('those that ran and settled do not take the signal from those that wait', async () => {
    const { accounts, loads, saves } = open();
    const controller = new AbortController();
    const waiting = watch(accounts.run('alice', noop, { signal: controller.signal }));
    const settling = accounts.run('bob', noop, { signal: controller.signal });
    await settleDown();
    await loads[1]?.succeed({ count: 0 });
    watch(accounts.flush('bob'));
    await settleDown();
    await saves[0]?.succeed();
    await settling;
    controller.abort();
    await settleDown();
    expect(waiting.outcome).toMatchObject({ reason: { code: 'ERR_OPERATION_CANCELLED' } });
  });

  test('Node does not warn (it does at 11 listeners)', async () => {
    const { code, stdout, stderr } = await inChild(`
        process.on('warning', (warning) => print(warning.name));
        const accounts = startProcessor({ minDuration: 5 });
        const { signal } = new AbortController();
        const runs = [];
        for (let run = 0; run < 500; run++) runs.push(accounts.run('key ' + run % 50, () => {}, { signal }));
        await Promise.all(runs);
        await new Promise((resolve) => setTimeout(resolve, 20));
        print('done');
      `);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'done\n', stderr: '' });
  });
});
