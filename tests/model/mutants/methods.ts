import { type Callback, everyThird, type Mutant, withMethods } from './mutant.js';

/** What callers ask for, and hear. */
export const methods: Mutant[] = [
  {
    name: 'operations in the wrong order',
    breaks: 'the operations run in the order of their run calls',
    wrap: withMethods((processor) => {
      const waiting = new Map<string, Callback[]>();
      const run = (key: string, operation: Callback, options: object) => {
        const operations = waiting.get(key) ?? [];
        waiting.set(key, operations);
        operations.push(operation);
        return processor.run(key, (resource) => (operations.pop() as Callback)(resource) as never, options);
      };
      return { run };
    }),
  },
  {
    name: 'a read that saves',
    breaks: 'read does not cause a save by itself',
    wrap: withMethods((processor) => ({ read: processor.run.bind(processor) })),
  },
  {
    name: 'an update that does not replace',
    breaks: 'update replaces the resource',
    wrap: withMethods((processor) => ({ update: processor.run.bind(processor) })),
  },
  {
    name: 'cannot be cancelled',
    breaks: 'a run whose signal aborts before its operation ran rejects at once',
    wrap: withMethods((processor) => ({
      run: (key: string, operation: never) => processor.run(key, operation),
    })),
  },
  {
    name: 'leaves a listener',
    breaks: 'no listener is left on a signal when its runs have settled',
    wrap: withMethods((processor) => ({
      run: (key: string, operation: never, options: { signal?: AbortSignal } = {}) => {
        if (!options.signal?.aborted) options.signal?.addEventListener('abort', () => {});
        return processor.run(key, operation, options);
      },
    })),
  },
  {
    name: 'leaves a timer',
    breaks: 'it keeps a Node process alive only while a batch is pending',
    wrap: withMethods((processor) => ({
      run: (key: string, operation: never, options: object) => {
        setTimeout(() => {}, 1_000);
        return processor.run(key, operation, options);
      },
    })),
  },
  {
    name: 'flush does not wait',
    breaks: 'flush resolves when every run accepted before it has settled',
    wrap: withMethods((processor) => ({ flush: async (key: string) => void processor.flush(key) })),
  },
  {
    name: 'flush waits for later runs',
    breaks: 'flush resolves when every run accepted before it has settled',
    wrap: withMethods((processor) => ({
      flush: async (key: string) => {
        await processor.flush(key);
        if (processor.pending > 0) await processor.flush();
      },
    })),
  },
  {
    name: 'stop does not wait',
    breaks: 'stop resolves when every batch has ended',
    wrap: withMethods((processor) => ({ stop: async () => void processor.stop() })),
  },
  {
    name: 'stop ignores its signal',
    breaks: "if stop's signal aborts first, its promise rejects with the reason",
    wrap: withMethods((processor) => ({ stop: () => processor.stop() })),
  },
  {
    name: 'pending counts wrong',
    breaks: 'pending is the number of runs accepted and not settled yet',
    wrap: withMethods((processor) => ({ pending: () => Math.min(2, processor.pending) })),
  },
  {
    name: 'a metric too few',
    breaks: 'one metric per ended batch, to every subscriber',
    wrap: withMethods((processor) => ({
      subscribeBatchMetrics: (callback: Callback, options: object) =>
        processor.subscribeBatchMetrics(
          everyThird(callback, () => {}),
          options,
        ),
    })),
  },
  {
    name: 'a metric with a wrong duration',
    breaks: 'metrics: totalDuration',
    wrap: withMethods((processor) => ({
      subscribeBatchMetrics: (callback: Callback, options: object) =>
        processor.subscribeBatchMetrics(
          (metric) =>
            callback({ ...metric, totalDuration: metric.totalDuration - metric.loadResourceDuration }),
          options,
        ),
    })),
  },
  {
    name: 'a metric with a wrong count',
    breaks: 'operationCount counts the operations that ran',
    wrap: withMethods((processor) => ({
      subscribeBatchMetrics: (callback: Callback, options: object) =>
        processor.subscribeBatchMetrics((metric) => callback({ ...metric, operationCount: 1 }), options),
    })),
  },
];
