import { runInNewContext } from 'node:vm';
import { startProcessor } from 'groupcommit';
import { describe, expect, test } from 'vitest';
import { heldStore, settleDown, watch } from '../node/support.js';
import { atRest, fulfilled, noop, throwIt } from './support.js';
import { kindOfOutcome } from './values/kinds.js';
import { collectReports } from './values/reports.js';
import { thrown } from './values/things.js';

/** A signal of another realm, which need not be what it says. */
interface Foreign extends AbortSignal {
  abort(reason: unknown): void;
}

const foreign = (): Foreign =>
  runInNewContext(`new (class AbortSignal {
    aborted = false;
    listeners = new Set();
    get [Symbol.toStringTag]() { return 'AbortSignal'; }
    addEventListener(_, listener) { this.listeners.add(listener); }
    removeEventListener(_, listener) { this.listeners.delete(listener); }
    abort(reason) {
      Object.assign(this, { aborted: true, reason });
      const event = { type: 'abort', target: this, currentTarget: this };
      for (const listener of this.listeners) {
        if (typeof listener === 'function') listener.call(this, event);
        else listener.handleEvent(event);
      }
    }
  })()`);

const fail = () => throwIt(thrown);
const call = (listener: { handleEvent?: unknown }, signal: Foreign) => {
  const handle = (listener.handleEvent ?? listener) as (event: object) => void;
  handle.call(listener, { type: 'abort', target: signal, currentTarget: signal });
};

/** What a signal can be like, and what may become of a run that uses it and is not cancelled. */
const signals: Record<string, { make: () => Foreign; expected: string[]; isReported?: true }> = {
  'of another realm': { make: foreign, expected: ['ran'] },
  'whose addEventListener throws': {
    make: () => Object.assign(foreign(), { addEventListener: fail }),
    expected: ['rejected: thrown'],
  },
  'whose removeEventListener throws': {
    make: () => Object.assign(foreign(), { removeEventListener: fail }),
    expected: ['ran'],
    isReported: true,
  },
  'whose addEventListener calls the listener at once': {
    make: () => {
      const signal = foreign();
      return Object.assign(signal, {
        addEventListener: (_: string, listener: object) => call(listener, signal),
      });
    },
    expected: ['ran'],
  },
  'whose aborted throws': {
    make: () => Object.defineProperty(foreign(), 'aborted', { get: fail }),
    expected: ['rejected: thrown', 'ran'],
  },
  'whose aborted throws the second time': {
    make: () => {
      let looks = 0;
      return Object.defineProperty(foreign(), 'aborted', { get: () => looks++ > 0 && fail() });
    },
    expected: ['rejected: thrown', 'ran'],
  },
  'that is aborted, and whose reason throws': {
    make: () => Object.defineProperty(Object.assign(foreign(), { aborted: true }), 'reason', { get: fail }),
    expected: [
      'rejected: thrown',
      'rejected: ERR_OPERATION_CANCELLED undefined',
      'rejected: ERR_OPERATION_CANCELLED thrown',
    ],
  },
};

describe('Hostile signals', () => {
  test.each(Object.keys(signals))('A signal %s reaches only its own run', async (name) => {
    const { make, expected, isReported } = signals[name] ?? throwIt(name);
    const reports = await collectReports(async () => {
      const { loads, saves, ...store } = heldStore<object>();
      const accounts = startProcessor<object>({ ...store, minDuration: 0 });
      const before = watch(accounts.run('alice', () => 'before'));
      const signal = make();
      const own = watch(accounts.run('alice', () => 'ran', { signal }));
      const after = watch(accounts.run('alice', () => 'after', { signal: new AbortController().signal }));
      await settleDown();
      await loads[0]?.succeed({});
      await saves[0]?.succeed();
      expect(expected).toContain(kindOfOutcome(own.outcome, signal));
      expect([before, after].map(({ outcome }) => outcome)).toEqual([
        fulfilled('before'),
        fulfilled('after'),
      ]);
      expect(accounts.pending).toBe(0);
      expect(await atRest(accounts.stop())).toEqual(fulfilled());
    });
    // The run has settled already: nobody else is there to hear of it.
    if (!isReported || reports.length > 0) {
      expect(reports.map(({ value }) => value)).toEqual(isReported ? [thrown] : []);
    }
  });

  test('A signal of another realm cancels its runs', async () => {
    const { loads, loadResource } = heldStore<object>();
    const accounts = startProcessor<object>({ loadResource, minDuration: 0 });
    const signal = foreign();
    const own = watch(accounts.run('alice', noop, { signal }));
    const other = watch(accounts.run('alice', () => 'other'));
    await settleDown();
    signal.abort('why');
    await settleDown();
    expect(own.outcome).toMatchObject({ reason: { code: 'ERR_OPERATION_CANCELLED', cause: 'why' } });
    await loads[0]?.succeed({});
    expect(other.outcome).toEqual(fulfilled('other'));
  });

  test('An abort event of a signal that has not aborted cancels nothing, and the abort that follows does', async () => {
    const { loads, loadResource } = heldStore<object>();
    const accounts = startProcessor<object>({ loadResource, minDuration: 0 });
    const [fake, real] = [new AbortController(), new AbortController()];
    const runs = [fake, real].map(({ signal }) => watch(accounts.run('alice', () => 'ran', { signal })));
    await settleDown();
    for (const { signal } of [fake, real]) signal.dispatchEvent(new Event('abort'));
    await settleDown();
    expect(runs.map((run) => run.outcome.state)).toEqual(['pending', 'pending']);
    real.abort();
    await settleDown();
    expect(runs[1]?.outcome).toMatchObject({ reason: { code: 'ERR_OPERATION_CANCELLED' } });
    await loads[0]?.succeed({});
    expect(runs[0]?.outcome).toEqual(fulfilled('ran'));
  });

  test('A signal that is aborted by a listener of the batch signal, an operation, a getter or a trap cancels what has not run', async () => {
    const accounts = startProcessor<object>({ minDuration: 0, loadResource: () => ({}) });
    const controller = new AbortController();
    const { signal } = controller;
    const runs = [
      accounts.run('alice', () => controller.abort('why')),
      accounts.run('alice', () => 'never', { signal }),
      accounts.run('alice', () => 'other'),
    ].map((run) => atRest(run));
    expect(await Promise.all(runs)).toMatchObject([
      fulfilled(),
      { reason: { code: 'ERR_OPERATION_CANCELLED', cause: 'why' } },
      fulfilled('other'),
    ]);
    const trapped = new AbortController();
    const options = {
      get signal() {
        trapped.abort('in the getter');
        return trapped.signal;
      },
    };
    expect(await atRest(accounts.run('alice', () => 'never', options))).toMatchObject({
      reason: { code: 'ERR_OPERATION_CANCELLED', cause: 'in the getter' },
    });
    expect(accounts.pending).toBe(0);
  });
});
