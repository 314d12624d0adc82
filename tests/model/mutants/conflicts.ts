import { type Mutant, withOptions } from './mutant.js';

/** Conflicts: when a batch starts over, with what, and what comes of it. */
export const conflicts: Mutant[] = [
  {
    name: 'never starts over',
    breaks: 'otherwise the batch starts over',
    patch: {
      file: 'core/batch.ts',
      find: 'if (!isConflict(cause)) return Outcome.Failed;',
      replace: 'if (!isConflict(cause) || cause) return Outcome.Failed;',
    },
  },
  {
    name: 'starts over after any failure',
    breaks: 'only a conflict starts a batch over, never a save whose outcome is not known',
    patch: {
      file: 'core/batch.ts',
      find: 'if (!isConflict(cause)) return Outcome.Failed;',
      replace: 'void isConflict;',
    },
  },
  {
    name: 'a conflict by its name',
    breaks: "or any error whose code is 'ERR_CONFLICT'",
    patch: {
      file: 'core/errors.ts',
      find: "return (cause as { code?: unknown }).code === 'ERR_CONFLICT';",
      replace: "return (cause as { name?: unknown }).name === 'ConflictError';",
    },
  },
  {
    name: 'an attempt too many',
    breaks: 'at most retries times',
    wrap: withOptions(({ retries }) => ({ retries: retries && retries + 1 })),
  },
  {
    name: 'an attempt too few',
    breaks: 'it starts over as often as retries says',
    wrap: withOptions(({ retries }) => ({ retries: retries && retries - 1 })),
  },
  {
    name: 'retries by itself',
    breaks: 'without retries no operation ever runs twice',
    wrap: withOptions(({ retries }) => ({ retries: retries || 1 })),
  },
  {
    name: 'starts over when it has timed out',
    breaks: 'not after its maxDuration, nor after a stop has aborted its signal',
    patch: { file: 'core/host.ts', find: 'return this.#at(key).isAborted;', replace: 'return false;' },
  },
  {
    name: 'the resource of before',
    breaks: 'it loads again and runs its operations on the fresh resource',
    patch: {
      file: 'core/batch.ts',
      find: 'if (this.#phase === Phase.Load) this.resource = value;',
      replace: 'if (this.#phase === Phase.Load) this.resource ??= value;',
    },
  },
  {
    name: 'from the back when it runs again',
    breaks: 'its operations run again, in order',
    patch: {
      file: 'core/runs.ts',
      find: 'this.#operations?.forEach((operation, place) => {',
      replace: '[...(this.#operations ?? [])].reverse().forEach((operation, place) => {',
    },
  },
  {
    name: 'what threw does not run again',
    breaks: 'it runs its operations again, also where one threw before and not this time',
    patch: {
      file: 'core/runs.ts',
      find: `this.#values[place] = operation;
    });
    this.#errors = undefined;`,
      replace: `const error = this.#errors?.get(place);
      const throwsAgain = () => {
        throw error;
      };
      this.#values[place] = error ? throwsAgain : operation;
    });
    this.#errors = undefined;`,
    },
  },
  {
    name: 'an error that stays',
    breaks: "what the last attempt gave is each run's outcome",
    patch: {
      file: 'core/runs.ts',
      find: 'this.#errors = undefined;\n    this.#executed',
      replace: 'this.#executed',
    },
  },
  {
    name: 'a change that stays',
    breaks: 'a batch in which no operation succeeded saves nothing: in its last attempt',
    patch: {
      file: 'core/runs.ts',
      find: 'this.#executed = this.#cancelled = 0;\n    this.isChanged = false;',
      replace: 'this.#executed = this.#cancelled = 0;',
    },
  },
  {
    name: 'the first conflict for a cause',
    breaks: 'the failure is a BatchError whose cause is the last ConflictError',
    patch: { file: 'core/batch.ts', find: 'this.#cause = cause;', replace: 'this.#cause ??= cause;' },
  },
  {
    name: 'a batch object for each attempt',
    breaks: 'load and save of one batch receive the same object, in every attempt',
    patch: {
      file: 'core/batch.ts',
      find: 'if (!isConflict(cause)) return Outcome.Failed;',
      replace: 'if (!isConflict(cause)) return Outcome.Failed;\n    this.#context = undefined;',
    },
  },
  {
    name: 'released in between',
    breaks: 'it starts over with the lock still held',
    patch: {
      file: 'core/batch.ts',
      find: 'if (!isConflict(cause)) return Outcome.Failed;',
      replace: 'if (!isConflict(cause)) return Outcome.Failed;\n    this.release();',
    },
  },
  {
    name: 'runs that join in between',
    breaks: 'runs that come meanwhile form the next batch',
    patch: {
      file: 'core/batch.ts',
      find: 'if (!isConflict(cause)) return Outcome.Failed;',
      replace: 'if (!isConflict(cause)) return Outcome.Failed;\n    this.isClosed = false;',
    },
  },
  {
    name: 'a signal that is heard in between',
    breaks: 'after the operation ran, the signal is ignored: also when it is to run again',
    patch: [
      {
        file: 'core/runs.ts',
        find: 'this.#executed = this.#cancelled = 0;',
        replace: `this.#executed = this.#cancelled = 0;
    for (const cancellation of this.#cancellations ?? none) cancellation?.hear();`,
      },
      {
        file: 'core/cancellation.ts',
        find: 'settle(place: number): void {',
        replace: `hear(): void {
    this.#isTaken = false;
    if (isAborted(this.#signal)) this.cancel(reasonOf(this.#signal));
    this.#isTaken = true;
  }

  settle(place: number): void {`,
      },
    ],
  },
  {
    name: 'a flush that waits for the pause',
    breaks: 'a flush and a stop do not wait for it',
    patch: {
      file: 'core/batch.ts',
      find: 'if (this.shared.settings.retries > 0) this.shared.mailbox.waiting.add(this.number);',
      replace: '',
    },
  },
  {
    name: 'a pause that is too long',
    breaks:
      'between attempts passes a random time, from 0 to 5 ms the first time, twice as much each further time',
    wrap: withOptions(() => {
      const { random } = Math;
      // The clock of the scenario puts the platform's back.
      Math.random = () => random() + 1;
      return {};
    }),
  },
  {
    name: 'one attempt too few in the metric',
    breaks: 'attempts is 1 plus the number of times the batch started over',
    patch: {
      file: 'core/metrics.ts',
      find: 'attempts,\n      loadedTogether',
      replace: 'attempts: 1,\n      loadedTogether',
    },
  },
  {
    name: 'the operations of all attempts',
    breaks: 'operationCount counts the operations that ran the last time',
    patch: {
      file: 'core/batch.ts',
      find: 'const [phase, operations, cause] = [phases[this.#phase] as BatchPhase, this.operations, this.#cause];',
      replace:
        'const [phase, operations, cause] = [phases[this.#phase] as BatchPhase, this.count, this.#cause];',
    },
  },
];
