import PQueue from 'p-queue';

/** A queue for each key, one task at a time; every change loads and saves by itself. @type {import('../contestants.mjs').Start} */
export function startProcessor({ loadResource, saveResource }) {
  /** @type {Map<string | number, PQueue>} */
  const queues = new Map();

  return {
    async run(key, operation) {
      let queue = queues.get(key);
      if (!queue) queues.set(key, (queue = new PQueue({ concurrency: 1 })));
      const result = await queue.add(async () => {
        const resource = await loadResource(key);
        const result = operation(resource);
        await saveResource(key, resource);
        return result;
      });
      if (queue.size === 0 && queue.pending === 0) queues.delete(key);
      return result;
    },
    async stop() {},
  };
}
