import { examples, startWorker } from '../durable-objects/workerd.mjs';
import { startFolder } from '../race/folders.mjs';
import { freePort } from '../servers/server.mjs';

/**
 * The first example of docs/durable-objects.md, an object for each key. For the race only: there is no store that would open records
 * here.
 * @type {Pick<import('../harness.js').Harness, 'name' | 'module' | 'shared'>}
 */
export const harness = {
  name: 'Durable Objects, in workerd',
  module: import.meta.url,
  shared: {
    async start() {
      const { location, stop } = await startFolder('workerd');
      const options = {
        port: await freePort(),
        durableObjects: { ITEMS: { className: 'Item', useSQLite: true } },
        durableObjectsPersist: location.folder,
      };
      const [source] = await examples();
      const worker = await startWorker(source, options);
      return {
        location: { port: options.port },
        // Kills workerd outright, and starts it again.
        restart: () => worker.restart(),
        async stop() {
          await worker.dispose();
          await stop();
        },
      };
    },
    async connect({ port }) {
      const ask = async (key, method) => {
        const response = await fetch(`http://127.0.0.1:${port}/${encodeURIComponent(key)}`, { method });
        if (!response.ok) throw new Error(`HTTP ${response.status}`);
        return response.json();
      };
      return {
        increment: (key) => ask(key, 'POST'),
        get: async (key) => ({ count: await ask(key, 'GET') }),
        conflicts: () => 0,
        close: async () => {},
      };
    },
  },
};
