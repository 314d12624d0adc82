import { Mutex } from 'async-mutex';

/** A lock for each key; every change loads and saves by itself. @type {import('../contestants.mjs').Start} */
export function startProcessor({ loadResource, saveResource }) {
  /** @type {Map<string | number, Mutex>} */
  const mutexes = new Map();

  return {
    async run(key, operation) {
      let mutex = mutexes.get(key);
      if (!mutex) mutexes.set(key, (mutex = new Mutex()));
      const result = await mutex.runExclusive(async () => {
        const resource = await loadResource(key);
        const result = operation(resource);
        await saveResource(key, resource);
        return result;
      });
      if (!mutex.isLocked()) mutexes.delete(key);
      return result;
    },
    async stop() {},
  };
}
