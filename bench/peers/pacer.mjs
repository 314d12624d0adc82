import { AsyncBatcher } from '@tanstack/pacer';

/**
 * One batcher for all keys, since its batches know none; the batch function groups by key. A caller waits for `addItem`.
 *
 * @type {import('../contestants.mjs').Start}
 */
export function startProcessor({ minDuration, loadResource, saveResource }) {
  /** @typedef {{ key: string | number, operation: (resource: any) => unknown, result?: unknown }} Item */

  const batcher = new AsyncBatcher(
    async (/** @type {Item[]} */ items) => {
      /** @type {Map<string | number, Item[]>} */
      const byKey = new Map();
      for (const item of items) {
        const group = byKey.get(item.key);
        if (group) group.push(item);
        else byKey.set(item.key, [item]);
      }
      await Promise.all(
        Array.from(byKey, async ([key, group]) => {
          const resource = await loadResource(key);
          for (const item of group) item.result = item.operation(resource);
          await saveResource(key, resource);
        }),
      );
    },
    { wait: minDuration },
  );

  return {
    async run(key, operation) {
      /** @type {Item} */
      const item = { key, operation };
      await batcher.addItem(item);
      return item.result;
    },
    async stop() {
      await batcher.flush();
    },
  };
}
