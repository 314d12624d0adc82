import { atRest, watch } from './turns.js';

/**
 * The calls: each makes ready, is called, and says what is wrong once everything has come to rest. `done` tells whether it was accepted: it
 * has returned, and if it has returned a promise, that one has not rejected for want of stack. `pending` is what it was right after it.
 */
export const calls = {
  startProcessor: ({ start }) => ({
    act: () => start({}),
    check: async ({ value, done }) => {
      if (!done) return undefined;
      const run = watch(value.run('alice', () => 1));
      await atRest(run);
      return run.value === 1 ? undefined : `its run is ${run.state}`;
    },
  }),
  'flush()': ({ accounts }) => ({ act: () => accounts.flush(), check: settled }),
  "flush('alice')": ({ accounts }) => ({ act: () => accounts.flush('alice'), check: settled }),
  'stop()': ({ accounts }) => stopping(accounts, () => accounts.stop()),
  'stop({ signal })': ({ accounts }) => {
    const options = { signal: new AbortController().signal };
    return stopping(accounts, () => accounts.stop(options));
  },
  subscribeBatchMetrics: ({ accounts }) => {
    let metrics = 0;
    return {
      act: () => accounts.subscribeBatchMetrics(() => metrics++),
      check: ({ done }) => (done === metrics > 0 ? undefined : `${metrics} metrics`),
    };
  },
  unsubscribe: ({ accounts }) => {
    let metrics = 0;
    const unsubscribe = accounts.subscribeBatchMetrics(() => metrics++);
    return {
      act: () => unsubscribe(),
      check: ({ done }) => (done === (metrics === 0) ? undefined : `${metrics} metrics`),
    };
  },
  'next()': ({ accounts }) => {
    const iterator = accounts.batchMetrics();
    return {
      act: () => iterator.next(),
      check: async ({ value, done }) => {
        const metric = watch(done ? value : iterator.next());
        await atRest(metric);
        return metric.value?.value?.resourceKey === 'alice' ? undefined : `the metric is ${metric.state}`;
      },
    };
  },
  abort: ({ accounts }) => {
    const controller = new AbortController();
    const { signal } = controller;
    let executed = 0;
    const run = watch(accounts.run('alice', () => ++executed, { signal }));
    return {
      act: () => controller.abort(),
      check: async () => {
        await atRest(run);
        const is = `${run.state} ${executed}`;
        if (is === (signal.aborted ? 'ERR_OPERATION_CANCELLED 0' : 'fulfilled 1')) return undefined;
        return `the run is ${is}, the signal ${signal.aborted ? '' : 'not '}aborted`;
      },
    };
  },
};

for (const method of ['run', 'update', 'read']) {
  calls[method] = ({ accounts }) => running(accounts, method, undefined);
  calls[`${method} with a signal`] = ({ accounts }) =>
    running(accounts, method, { signal: new AbortController().signal });
}

function running(accounts, method, options) {
  const before = accounts.pending;
  let executed = 0;
  const operation = () => ++executed;
  return {
    act: () => accounts[method]('alice', operation, options),
    check: ({ done, outcome, pending }) => {
      if (pending !== before + (done ? 1 : 0)) return `${pending} are pending`;
      return executed === (done ? 1 : 0) ? settled({ done, outcome }) : `it has run ${executed} times`;
    },
  };
}

function stopping(accounts, act) {
  return {
    act,
    check: async ({ done, outcome }) => {
      const run = watch(accounts.run('bob', () => 1));
      void accounts.flush();
      await atRest(run);
      const isRight = run.state === (done ? 'ERR_PROCESSOR_STOPPED' : 'fulfilled');
      return isRight ? settled({ done, outcome }) : `the run after it is ${run.state}`;
    },
  };
}

function settled({ done, outcome }) {
  return done && outcome.state !== 'fulfilled' ? `it is ${outcome.state}` : undefined;
}
