import type { Processor } from 'groupcommit';
import { expect } from 'vitest';
import { noop, watch } from './support.js';

const fail = (error: unknown) => {
  throw error;
};

type Accounts = Processor<object>;
export type Scene = { options?: object; start?: (accounts: Accounts, runs: unknown[]) => void };

/** Where user code is called: each arranges that `inside` is called there, in a batch of the key alice. */
export const places: Record<string, (inside: () => void) => Scene> = {
  loadResource: (inside) => ({ options: { loadResource: () => (inside(), {}) } }),
  'loadResource, which throws then': (inside) => ({
    options: { loadResource: () => (inside(), fail('disk')) },
  }),
  saveResource: (inside) => ({ options: { saveResource: () => inside() } }),
  'saveResource, which throws then': (inside) => ({
    options: { saveResource: () => (inside(), fail('disk')) },
  }),
  'an operation': (inside) => ({
    start: (accounts, runs) => runs.push(watch(accounts.run('alice', () => inside()))),
  }),
  'an operation of a batch that is full then': (inside) => ({
    options: { maxOperations: 1 },
    start: (accounts, runs) => runs.push(watch(accounts.run('alice', () => inside()))),
  }),
  'an update': (inside) => ({
    start: (accounts, runs) => runs.push(watch(accounts.update('alice', (each) => (inside(), each)))),
  }),
  'a read': (inside) => ({
    start: (accounts, runs) => runs.push(watch(accounts.read('alice', () => inside()))),
  }),
  'an operation that throws then': (inside) => ({
    start: (accounts, runs) => runs.push(watch(accounts.run('alice', () => (inside(), fail('refused'))))),
  }),
  'a subscriber': (inside) => ({ start: (accounts) => accounts.subscribeBatchMetrics(inside) }),
  "the batch signal's abort event at maxDuration": (inside) => ({
    options: {
      maxDuration: 5,
      loadResource: (_key: string, { signal }: { signal: AbortSignal }) =>
        new Promise((resolve) => signal.addEventListener('abort', () => (inside(), resolve({})))),
    },
  }),
  "the batch signal's abort event at the end": (inside) => ({
    options: {
      loadResource: (_key: string, { signal }: { signal: AbortSignal }) => (
        signal.addEventListener('abort', inside), {}
      ),
    },
  }),
  "the abort event of a run's signal, before the processor hears of it": (inside) => ({
    start: (accounts, runs) => {
      const controller = new AbortController();
      controller.signal.addEventListener('abort', inside);
      runs.push(watch(accounts.run('alice', noop, { signal: controller.signal })));
      controller.abort();
    },
  }),
  "the abort event of a run's signal, after": (inside) => ({
    start: (accounts, runs) => {
      const controller = new AbortController();
      runs.push(watch(accounts.run('alice', noop, { signal: controller.signal })));
      controller.signal.addEventListener('abort', inside);
      controller.abort();
    },
  }),
  'the getter of the option signal': (inside) => ({
    start: (accounts, runs) =>
      runs.push(
        watch(
          accounts.run('alice', noop, {
            get signal() {
              inside();
              return undefined;
            },
          }),
        ),
      ),
  }),
  'the then getter of a returned value': (inside) => ({
    start: (accounts, runs) => runs.push(watch(accounts.run('alice', () => withThenGetter(inside)))),
  }),
  'the then getter of the loaded resource': (inside) => ({
    options: { loadResource: () => withThenGetter(inside) },
  }),
  'the then getter of what saveResource returns': (inside) => ({
    options: { saveResource: () => withThenGetter(inside) },
  }),
  'the message getter of the cause': (inside) => ({
    options: {
      saveResource: () =>
        fail(Object.defineProperty(new Error(), 'message', { get: () => (inside(), 'disk') })),
    },
    // A message may be made without looking at the cause, so look at it here.
    start: (accounts, runs) =>
      runs.push(watch(accounts.run('alice', noop).catch((error) => void String(error.cause)))),
  }),
};

/** What it does there: each returns the promises that it got. */
export const acts: Record<string, (accounts: Accounts, cancel: () => void) => unknown[]> = {
  'run on the same key': (accounts) => [accounts.run('alice', noop)],
  'run on another key': (accounts) => [accounts.run('bob', noop), accounts.update('carol', (each) => each)],
  'update and read on the same key': (accounts) => [
    accounts.update('alice', () => ({})),
    accounts.read('alice', noop),
  ],
  'flush()': (accounts) => [accounts.flush(), accounts.run('alice', noop), accounts.flush()],
  'flush(key)': (accounts) => [accounts.run('alice', noop), accounts.flush('alice'), accounts.flush('bob')],
  'stop()': (accounts) => [accounts.stop(), accounts.run('alice', noop)],
  'the abort of waiting runs': (accounts, cancel) => {
    const controller = new AbortController();
    const run = accounts.run('alice', noop, { signal: controller.signal });
    controller.abort();
    cancel();
    return [run];
  },
  'subscriptions and iterations': (accounts) => {
    const unsubscribe = accounts.subscribeBatchMetrics(noop);
    accounts.subscribeBatchMetrics(noop, { signal: AbortSignal.timeout(1) });
    void accounts.batchMetrics()[Symbol.asyncIterator]().next();
    unsubscribe();
    return [];
  },
  'the state': (accounts) => {
    expect(accounts.pending).toBeGreaterThanOrEqual(0);
    return [];
  },
};

function withThenGetter(inside: () => void): object {
  return Object.defineProperty({}, 'then', {
    get: () => {
      inside();
      return undefined;
    },
  });
}
