import DataLoader from 'dataloader';

/** Loads are batched and shared; every change writes by itself, and clears the loader as its documentation says. @type {import('../contestants.mjs').Start} */
export function startProcessor({ loadResource, saveResource }) {
  /** @type {DataLoader<string | number, any>} */
  const loader = new DataLoader((keys) => Promise.all(keys.map(async (key) => loadResource(key))));

  return {
    async run(key, operation) {
      const resource = await loader.load(key);
      const result = operation(resource);
      await saveResource(key, resource);
      loader.clear(key);
      return result;
    },
    async stop() {},
  };
}
