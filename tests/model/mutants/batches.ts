import type { Mutant } from './mutant.js';

/** When batches begin and end, and which runs they have: changes of the package's own code. */
export const batches: Mutant[] = [
  {
    name: 'two batches of a key at once',
    breaks: 'the same key is never loaded or saved twice at once',
    patch: {
      file: 'core/batches.ts',
      find: 'const number = latest ? latest.number : (this.#free.at(-1) ?? this.#first.length);',
      replace: 'latest = undefined; const number = this.#free.at(-1) ?? this.#first.length;',
    },
  },
  {
    name: 'always wanted',
    breaks: 'a batch whose runs were all cancelled does not load',
    patch: { file: 'core/host.ts', find: 'return this.#at(key).isWanted;', replace: 'return true;' },
  },
  {
    name: 'open when it has ended',
    breaks: 'no run joins a batch that has failed or ended',
    patch: [
      {
        file: 'core/batch.ts',
        find: 'this.#cause = cause;\n    this.isClosed = true;',
        replace: 'this.#cause = cause;',
      },
      { file: 'core/batch.ts', find: 'this.isClosed = true;\n    const release', replace: 'const release' },
      {
        file: 'core/host.ts',
        find: 'batch.isClosed = true;\n    const error',
        replace: 'const error',
      },
    ],
  },
  {
    name: 'a run too many',
    breaks: 'the window closes when the batch has maxOperations runs',
    patch: {
      file: 'core/batches.ts',
      find: 'count < shared.settings.maxOperations;',
      replace: 'count <= shared.settings.maxOperations;',
    },
  },
  {
    name: 'cancelled runs leave their place',
    breaks: 'a run that is cancelled keeps its place among maxOperations',
    patch: {
      file: 'core/batches.ts',
      find: 'count < shared.settings.maxOperations;',
      replace: 'count >= 0 && batch.unsettled < shared.settings.maxOperations;',
    },
  },
  {
    name: 'reads keep the window open',
    breaks: 'a batch that has only reads when its load has ended does not stay open for more',
    patch: {
      file: 'core/host.ts',
      find: 'const closes = isLast || batch.areOnlyReads;',
      replace: 'const closes = isLast;',
    },
  },
  {
    name: 'a read that saves by itself',
    breaks: 'read does not cause a save by itself',
    patch: { file: 'core/runs.ts', find: 'if (kind === Kind.Read) return;', replace: '' },
  },
  {
    name: 'saves what failed',
    breaks: 'a batch in which no operation succeeded saves nothing',
    patch: {
      file: 'core/runs.ts',
      find: 'this.#errors ??= new Map();',
      replace: 'this.#errors ??= new Map(); this.isChanged = true;',
    },
  },
  {
    name: 'an operation within the call',
    breaks: 'an operation runs never inside the call of run itself',
    patch: {
      file: 'core/runs.ts',
      find: 'this.shared.pending++;',
      replace: 'this.shared.pending++; if (this.#isExecuting) this.#executeWaiting();',
    },
  },
  {
    name: 'a release too many',
    breaks: 'the release function is called exactly once',
    patch: { file: 'core/batch.ts', find: 'release?.();', replace: 'release?.(); release?.();' },
  },
  {
    name: 'anything is a lock',
    breaks: 'what a lock resolves to is a function or undefined; anything else is a TypeError',
    patch: {
      file: 'core/batch.ts',
      find: "if (typeof value !== 'function') {",
      replace: "if (typeof value === 'number') {",
    },
  },
  {
    name: 'an object for each call',
    breaks: 'lock, load and save of one batch receive the same object',
    patch: {
      file: 'core/batch.ts',
      find: 'this.#context ??= new Context(this.key);\n    if (this.#phase',
      replace: 'this.#context = new Context(this.key);\n    if (this.#phase',
    },
  },
  {
    name: 'the wrong reason',
    breaks: 'the signal aborts with a TimeoutError when the batch has lasted maxDuration',
    patch: {
      file: 'core/host.ts',
      find: 'abort(TIMED_OUT)',
      replace: "abort(() => new DOMException(TIMED_OUT.name, 'AbortError'))",
    },
  },
  {
    name: 'a signal that lingers',
    breaks: 'the signal aborts with an AbortError after the batch has ended',
    patch: { file: 'core/batch.ts', find: 'this.#context?.abort(ENDED);', replace: 'void ENDED;' },
  },
  {
    name: 'in the midst of something else',
    breaks:
      'what a thenable does never takes place in the midst of something else, also if it calls back at once',
    patch: {
      file: 'core/batch.ts',
      find: 'this.#wait(result);',
      replace: `const { mailbox } = this.shared;
      result.then(
        (value) => mailbox.done(this.number, this.receive(value)),
        (cause) => mailbox.done(this.number, this.fail(cause)),
      );`,
    },
  },
  {
    name: 'a second outcome',
    breaks: 'what a thenable does is taken as the platform takes it: at most one outcome',
    patch: {
      file: 'core/batch.ts',
      find: 'this.#wait(result);',
      replace: `const { mailbox } = this.shared;
      const later = (outcome: () => Outcome) =>
        void resolved.then(() => mailbox.done(this.number, outcome())).catch(() => {});
      result.then(
        (value) => later(() => this.receive(value)),
        (cause) => later(() => this.fail(cause)),
      );`,
    },
  },
];
