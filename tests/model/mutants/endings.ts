import type { Mutant } from './mutant.js';

/** Flush, stop and metrics: changes of the package's own code. */
export const endings: Mutant[] = [
  {
    name: 'a flush of a key that resolves at once',
    breaks: 'flush resolves when every run accepted before it has settled',
    patch: {
      file: 'core/processor.ts',
      find: 'await (batch ? this.#batches.flushOne(batch) : resolved);',
      replace: 'if (batch) void this.#batches.flushOne(batch);',
    },
  },
  {
    name: 'a flush of all that resolves at once',
    breaks: 'flush resolves when every run accepted before it has settled',
    patch: {
      file: 'core/processor.ts',
      find: 'if (key === undefined) return void (await this.#flush(false));',
      replace: 'if (key === undefined) return void this.#flush(false);',
    },
  },
  {
    name: 'a flush that waits for later runs',
    breaks: 'flush resolves when every run accepted before it has settled',
    patch: { file: 'core/processor.ts', find: 'this.#shared.generation = next;', replace: 'void next;' },
  },
  {
    name: 'a flush of all that closes nothing',
    breaks: 'flush closes the windows now',
    patch: {
      file: 'core/processor.ts',
      find: 'this.#batches.flushed = this.#batches.opened;',
      replace: '',
    },
  },
  {
    name: 'a flush of a key that closes nothing',
    breaks: 'flush closes the windows now',
    patch: {
      file: 'core/batches.ts',
      find: 'batch.flushed = flushed;\n    batch.isClosed = true;',
      replace: 'batch.flushed = flushed;',
    },
  },
  {
    name: 'a flush of a key that waits for a place',
    breaks: 'a flush and a stop do not wait for a place',
    patch: {
      file: 'core/batches.ts',
      find: 'this.#flushedOfKey[batch.number] = batch.ordinal;',
      replace: '',
    },
  },
  {
    name: 'a flush of all that waits for a place',
    breaks: 'a flush and a stop do not wait for a place',
    patch: { file: 'core/mailbox.ts', find: 'this.#engine.lookAtWaiting();', replace: '' },
  },
  {
    name: 'a flush that leaves windows to their timers',
    breaks: 'from flush() to the call of saveResource no timer may pass',
    patch: {
      file: 'core/mailbox.ts',
      find: 'for (const key of this.waiting) this.#engine.look(key);',
      replace: '',
    },
  },
  {
    name: 'a stop that does not wait for what is under way',
    breaks: 'nothing is being locked, loaded or saved any more, also for runs that were cancelled',
    patch: { file: 'core/processor.ts', find: 'await this.#batches.keys.settled;', replace: '' },
  },
  {
    name: 'a stop that gives up alone',
    breaks: 'if its signal aborts first, the signals of the batches under way abort with that reason',
    patch: {
      file: 'core/processor.ts',
      find: 'for (const batch of this.#batches.underWay()) batch.abort(() => reason);',
      replace: '',
    },
  },
  {
    name: 'accepts after stop',
    breaks: 'no new runs after stop',
    patch: {
      file: 'core/processor.ts',
      find: 'if (this.#stopped) throw new ProcessorStoppedError(key);',
      replace: 'void ProcessorStoppedError;',
    },
  },
  {
    name: 'counts cancelled operations',
    breaks: 'operationCount counts the operations that ran',
    patch: {
      file: 'core/runs.ts',
      find: 'return this.#executed - this.#cancelled;',
      replace: 'return this.#executed;',
    },
  },
  {
    name: 'a metric without its error',
    breaks: 'there is one metric per ended batch, failed ones too: error',
    patch: { file: 'core/metrics.ts', find: '...(error && { error }),', replace: '' },
  },
  {
    name: 'a batchStart that is its end',
    breaks: 'batchStart is right',
    patch: {
      file: 'core/metrics.ts',
      find: 'Date.now() - totalDuration',
      replace: 'Date.now()',
    },
  },
  {
    name: 'metrics for those who have left',
    breaks: 'subscribeBatchMetrics returns an unsubscribe function',
    patch: { file: 'core/metrics.ts', find: 'this.#subscribers.delete(subscriber);', replace: '' },
  },
  {
    name: 'one callback disturbs the others',
    breaks: 'a callback that throws is reported and disturbs nothing else',
    patch: { file: 'core/metrics.ts', find: 'report(error);', replace: 'report(error);\n        return;' },
  },
  {
    name: 'an iteration without an end',
    breaks: 'the iteration over the metrics ends at stop',
    patch: { file: 'core/processor.ts', find: 'this.#metrics.end();', replace: '' },
  },
];
