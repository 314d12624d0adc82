import { type Callback, type Mutant, withOptions } from './mutant.js';

/** Many keys in one call: which go together, in which order, and what comes of it. */
export const many: Mutant[] = [
  {
    name: 'a key too many in a call',
    breaks: 'maxKeys is the most batches that one call gets',
    wrap: withOptions(({ maxKeys = Number.POSITIVE_INFINITY }) => ({ maxKeys: maxKeys + 1 })),
  },
  {
    name: 'a key too few in a call',
    breaks: 'batches that want to load in the same turn are loaded by one call',
    wrap: withOptions(({ maxKeys = 3 }) => ({ maxKeys: Math.max(1, maxKeys - 1) })),
  },
  {
    name: 'a call in two halves',
    breaks: 'what finds no place goes with the next call',
    patch: {
      file: 'core/host.ts',
      find: 'const scope = batches[0]?.scope;',
      replace: `const others = batches.splice(1);
    if (others.length > 0) queueMicrotask(() => void callTogether(others, phase));
    const scope = batches[0]?.scope;`,
    },
  },
  {
    name: 'saves at different moments',
    breaks: 'batches that want to save in the same turn are saved by one call',
    patch: {
      file: 'core/mailbox.ts',
      find: 'this.#engine?.done(number, outcomes[place] as number);',
      replace: `let told: Promise<unknown> = resolved;
        for (let turn = 0; turn < 10 * place; turn++) told = told.then(() => {});
        void told.then(() => this.#engine?.done(number, outcomes[place] as number));`,
    },
  },
  {
    name: 'a flush at different moments',
    breaks: 'batches that want to save in the same turn are saved by one call: those that are flushed',
    patch: {
      file: 'core/mailbox.ts',
      find: 'for (const key of this.waiting) this.#engine.look(key);',
      replace: `let told: Promise<unknown> = resolved;
    for (const key of [...this.waiting]) {
      void told.then(() => this.#engine?.look(key));
      for (let turn = 0; turn < 10; turn++) told = told.then(() => {});
    }`,
    },
  },
  {
    name: 'in another order than they asked',
    breaks: 'batches is an array, in the order in which they asked',
    patch: {
      file: 'core/host.ts',
      find: 'const batches = Array.from(keys, (key) => this.#at(key));',
      replace: 'const batches = Array.from(keys.reverse(), (key) => this.#at(key));',
    },
  },
  {
    name: 'an object for a call with others',
    breaks: "each is the batch's own object, the same from lock to save",
    patch: {
      file: 'core/together.ts',
      find: '?.([...contexts], call);',
      replace: '?.(contexts.map(({ key, signal, resource }) => ({ key, signal, resource })) as never, call);',
    },
  },
  {
    name: 'a save with others that has no resource',
    breaks: 'for saves with resource',
    patch: {
      file: 'core/batch.ts',
      find: 'if (phase === Phase.Save) this.#context.resource = this.resource;',
      replace: '',
    },
  },
  {
    name: "the place of another's resource",
    breaks: 'an array with the resource of each batch in its place',
    wrap: withOptions(({ loadResources }) => ({
      loadResources:
        loadResources &&
        (async (...args: unknown[]) => [...((await (loadResources as Callback)(...args)) as [])].reverse()),
    })),
  },
  {
    name: 'an Error for a resource',
    breaks: "an Error there is that batch's failure",
    patch: {
      file: 'core/together.ts',
      find: 'return isError(value) ? batch.fail(value) : batch.receive(value);',
      replace: 'return isError(value) && phase !== Phase.Load ? batch.fail(value) : batch.receive(value);',
    },
  },
  {
    name: 'one that fails all',
    breaks: "an Error in a batch's place is its failure, anything else means that it is saved",
    patch: {
      file: 'core/together.ts',
      find: 'return isError(value) ? batch.fail(value) : batch.receive(value);',
      replace: `const error = places.find(isError);
      return error ? batch.fail(error) : batch.receive(value);`,
    },
  },
  {
    name: 'an array of any length',
    breaks: 'anything but an array of that length is a TypeError, and all of the call fail',
    patch: {
      file: 'core/together.ts',
      find: 'if (Array.isArray(value) && value.length === count) return value;',
      replace: 'if (Array.isArray(value) && value.length <= count) return value;',
    },
  },
  {
    name: 'nothing is a mistake',
    breaks: 'saveResources returns, or resolves to, nothing, or such an array',
    patch: {
      file: 'core/together.ts',
      find: 'if (phase === Phase.Save && value === undefined) return [];',
      replace: '',
    },
  },
  {
    name: 'only the first fails',
    breaks: 'if the promise rejects, all of the call fail',
    patch: {
      file: 'core/together.ts',
      find: 'outcomes = batches.map((batch) => batch.fail(cause));',
      replace: `outcomes = batches.map((batch, place) => {
      return place === 0 || phase === Phase.Load ? batch.fail(cause) : batch.receive(undefined);
    });`,
    },
  },
  {
    name: "looks at what is in a save's place",
    breaks: 'looked at is only whether a place in the array holds an Error',
    patch: {
      file: 'core/together.ts',
      find: 'const value = places[place];',
      replace: 'const value = places[place];\n      void (value as { code?: unknown } | undefined)?.code;',
    },
  },
  {
    name: 'given up with the first',
    breaks:
      "the call's signal aborts when those of all its batches have: none is given up because another has been waiting longer",
    patch: {
      file: 'core/context.ts',
      find: 'if (--this.#left === 0) this.abort(why);',
      replace: 'this.#left--;\n    this.abort(why);',
    },
  },
  {
    name: 'never given up',
    breaks: "the call's signal aborts when those of all its batches have",
    patch: {
      file: 'core/context.ts',
      find: 'if (--this.#left === 0) this.abort(why);',
      replace: 'if (--this.#left < 0) this.abort(why);',
    },
  },
  {
    name: "a call's signal that lingers",
    breaks: "the call's signal aborts after the call has settled",
    patch: { file: 'core/together.ts', find: 'call.abort(ENDED);', replace: 'void ENDED;' },
  },
  {
    name: 'together with nobody',
    breaks: 'loadedTogether and savedTogether tell how many batches were in the call',
    patch: {
      file: 'core/metrics.ts',
      find: 'const [attempts, loadedTogether, savedTogether] = counts;',
      replace:
        'const [attempts, loadedTogether, savedTogether] = [counts[0], Math.min(1, counts[1]), counts[2]];',
    },
  },
  {
    name: 'saved together with all that were loaded',
    breaks: 'savedTogether is how many batches were in its latest call of that kind, 0 if there was none',
    patch: {
      file: 'core/metrics.ts',
      find: 'const [attempts, loadedTogether, savedTogether] = counts;',
      replace: 'const [attempts, loadedTogether] = counts;\n    const savedTogether = loadedTogether;',
    },
  },
];
