import { type Callback, callbackOf, everyThird, type Mutant, withOptions } from './mutant.js';

/** What the processor does with its callbacks, and what these get. */
export const callbacks: Mutant[] = [
  {
    name: 'resolves before it is saved',
    breaks: "each caller's promise settles with the outcome of that save",
    wrap: withOptions((options) => ({
      saveResource: (...args: unknown[]) => {
        Promise.resolve(callbackOf(options, 'saveResource')(...args)).catch(() => {});
      },
    })),
  },
  {
    name: 'drops a save',
    breaks: 'it is saved once',
    wrap: withOptions((options) => ({
      saveResource: everyThird(callbackOf(options, 'saveResource'), () => {}),
    })),
  },
  {
    name: 'saves twice',
    breaks: 'it is saved once',
    wrap: withOptions((options) => ({
      saveResource: everyThird(callbackOf(options, 'saveResource'), async (...args) => {
        await callbackOf(options, 'saveResource')(...args);
        await callbackOf(options, 'saveResource')(...args);
      }),
    })),
  },
  {
    name: 'loads twice',
    breaks: 'it is loaded once',
    wrap: withOptions((options) => ({
      loadResource: everyThird(callbackOf(options, 'loadResource'), async (...args) => {
        await callbackOf(options, 'loadResource')(...args);
        return callbackOf(options, 'loadResource')(...args);
      }),
    })),
  },
  {
    name: 'loads a copy',
    breaks: 'saveResource is called with the same resource',
    wrap: withOptions((options) => ({
      loadResource: async (...args: unknown[]) => ({
        ...((await callbackOf(options, 'loadResource')(...args)) as object),
      }),
    })),
  },
  {
    name: 'releases twice',
    breaks: 'the release function is called exactly once',
    wrap: withOptions((options) => ({
      lockResource:
        options.lockResource &&
        (async (...args: unknown[]) => {
          const release = (await callbackOf(options, 'lockResource')(...args)) as (() => void) | undefined;
          return release && (() => (release(), release()));
        }),
    })),
  },
  {
    name: 'never releases',
    breaks: 'the release function is called exactly once',
    wrap: withOptions((options) => ({
      lockResource:
        options.lockResource &&
        (async (...args: unknown[]) => {
          await callbackOf(options, 'lockResource')(...args);
        }),
    })),
  },
  {
    name: 'loads before it is locked',
    breaks: 'the load begins when the lock has resolved',
    wrap: withOptions((options) => ({
      lockResource:
        options.lockResource &&
        ((...args: unknown[]) => {
          const release = Promise.resolve(callbackOf(options, 'lockResource')(...args));
          release.catch(() => {});
          return () => void release.then((release) => (release as Callback | undefined)?.());
        }),
    })),
  },
  {
    name: 'a signal of its own',
    breaks: 'the signal aborts after the batch has ended',
    wrap: withOptions((options) => {
      const batches = new WeakMap<object, object>();
      const given = (batch: { key: string }) => {
        const own = batches.get(batch) ?? { key: batch.key, signal: new AbortController().signal };
        batches.set(batch, own);
        return own;
      };
      return {
        lockResource:
          options.lockResource &&
          ((key: string, batch: { key: string }) => callbackOf(options, 'lockResource')(key, given(batch))),
        loadResource: (key: string, batch: { key: string }) =>
          callbackOf(options, 'loadResource')(key, given(batch)),
        saveResource: (key: string, resource: unknown, batch: { key: string }) =>
          callbackOf(options, 'saveResource')(key, resource, given(batch)),
      };
    }),
  },
  {
    name: 'a batch object for each call',
    breaks: 'lock, load and save of one batch receive the same object',
    wrap: withOptions((options) => ({
      saveResource: (key: string, resource: unknown, batch: object) =>
        callbackOf(options, 'saveResource')(key, resource, Object.create(batch)),
    })),
  },
  {
    name: 'another cause',
    breaks: 'cause is what was thrown, unchanged',
    wrap: withOptions((options) => ({
      loadResource: async (...args: unknown[]) => {
        try {
          return await callbackOf(options, 'loadResource')(...args);
        } catch (error) {
          throw new Error('failed', { cause: error });
        }
      },
    })),
  },
];
