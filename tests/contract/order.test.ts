import { startProcessor } from 'groupcommit';
import { describe, expect, test } from 'vitest';
import {
  afterMicrotasks,
  type Counter,
  heldStore,
  minute,
  noop,
  open,
  settleDown,
  watch,
} from './support.js';

describe('A batch', () => {
  test('Once the resource is loaded, the operations that are waiting run in the order of their run calls', async () => {
    const { loads, ...store } = heldStore<string[]>();
    const accounts = startProcessor<string[]>({ ...store, minDuration: minute });
    const resource: string[] = [];
    watch(accounts.run('alice', (log) => void log.push('first')));
    watch(accounts.read('alice', (log) => void log.push('second')));
    watch(accounts.update('alice', (log) => (log.push('third'), log)));
    await settleDown();
    watch(accounts.run('alice', (log) => void log.push('fourth')));
    await settleDown();
    expect(resource).toEqual([]);
    await loads[0]?.succeed(resource);
    expect(resource).toEqual(['first', 'second', 'third', 'fourth']);
  });

  test('later ones run as they arrive', async () => {
    const { loads, saves, ...store } = heldStore<string[]>();
    const accounts = startProcessor<string[]>({ ...store, minDuration: minute });
    const resource: string[] = [];
    watch(accounts.run('alice', (log) => void log.push('first')));
    await settleDown();
    await loads[0]?.succeed(resource);
    const ran = afterMicrotasks(() => [...resource]);
    await Promise.resolve();
    watch(accounts.run('alice', (log) => void log.push('second')));
    expect(await ran).toEqual(['first', 'second']);
    watch(accounts.run('alice', (log) => void log.push('third')));
    await settleDown();
    expect(resource).toEqual(['first', 'second', 'third']);
    expect(saves).toHaveLength(0);
  });

  test('Never two at a time, never one inside another', async () => {
    const log: string[] = [];
    const accounts = startProcessor<Counter>({ minDuration: 0, loadResource: () => ({ count: 0 }) });
    const nest = (name: string, key: string, inside: () => void) =>
      watch(
        accounts.run(key, () => {
          log.push(`${name} begins`);
          inside();
          log.push(`${name} ends`);
        }),
      );
    nest('a', 'alice', () => {
      nest('b', 'alice', () => nest('d', 'bob', noop));
      nest('c', 'bob', () => nest('e', 'alice', noop));
      watch(accounts.flush());
      watch(accounts.flush('bob'));
    });
    nest('f', 'alice', noop);
    await settleDown();
    await accounts.flush();
    expect(
      log
        .filter((line) => line.endsWith('begins'))
        .map((line) => line[0])
        .sort()
        .join(''),
    ).toBe('abcdef');
    for (let line = 0; line < log.length; line += 2) expect(log[line]?.[0]).toBe(log[line + 1]?.[0]);
  });

  test('never inside the call of run itself, but in a microtask after it: before the load', async () => {
    let ran = false;
    const accounts = startProcessor<Counter>({ minDuration: 0, loadResource: () => ({ count: 0 }) });
    watch(accounts.run('alice', () => void (ran = true)));
    expect(ran).toBe(false);
    await settleDown();
    expect(ran).toBe(true);
  });

  test('never inside the call of run itself, but in a microtask after it: in a loaded batch', async () => {
    const accounts = startProcessor<Counter>({ minDuration: minute, loadResource: () => ({ count: 0 }) });
    watch(accounts.run('alice', noop));
    await settleDown();
    let ran = false;
    const ranInMicrotask = afterMicrotasks(() => ran);
    await Promise.resolve();
    watch(accounts.run('alice', () => void (ran = true)));
    expect(ran).toBe(false);
    expect(await ranInMicrotask).toBe(true);
  });

  test('an operation that calls run on its own key gets queued behind itself', async () => {
    const { accounts, loads, saves } = open<string[]>();
    const resource: string[] = [];
    watch(
      accounts.run('alice', (log) => {
        log.push('outer begins');
        watch(accounts.run('alice', (log) => void log.push('inner')));
        log.push('outer ends');
      }),
    );
    watch(accounts.run('alice', (log) => void log.push('next')));
    await settleDown();
    await loads[0]?.succeed(resource);
    expect(resource).toEqual(['outer begins', 'outer ends', 'next', 'inner']);
    watch(accounts.flush());
    await settleDown();
    expect(loads).toHaveLength(1);
    await saves[0]?.succeed();
    expect(accounts.pending).toBe(0);
  });
});
