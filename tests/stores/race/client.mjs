import { startProcessor } from 'groupcommit';

/**
 * A client that opens the records in this process.
 *
 * @param {import('../harness.js').Harness} harness
 * @param {import('../harness.js').Location} location
 * @returns {Promise<import('../harness.js').Client>}
 */
export async function openClient(harness, location) {
  const { store, get, close } = await harness.open(location, { initial: () => ({ count: 0 }) });
  const processor = startProcessor({ ...store, minDuration: 0 });
  let conflicts = 0;
  processor.subscribeBatchMetrics(({ attempts }) => void (conflicts += attempts - 1));
  return {
    increment: (key) => processor.run(key, (counter) => ++counter.count),
    get,
    conflicts: () => conflicts,
    async close() {
      await processor.stop();
      await close();
    },
  };
}
