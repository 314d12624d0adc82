import { Mutex } from 'async-mutex';
import { startProcessor } from 'groupcommit';

// A contestant turns `update(airport, change)` into loads and saves of a database. `change` alters the statistics
// in place; the promise settles when the change is on disk.

/** A read and a write for each update. The lock is per airport: without it updates get lost. */
export const writePerUpdate = {
  name: 'write per update',
  start(database) {
    const locks = new Map();
    const lockOf = (airport) => {
      let lock = locks.get(airport);
      if (lock === undefined) {
        lock = new Mutex();
        locks.set(airport, lock);
      }
      return lock;
    };
    return {
      update: (airport, change) =>
        lockOf(airport).runExclusive(async () => {
          const statistics = await database.load(airport);
          change(statistics);
          await database.save(airport, statistics);
        }),
      async stop() {},
    };
  },
};

/** A read and a write for each batch of updates. */
export const groupcommit = (minDuration) => ({
  name: `groupcommit ${minDuration} ms`,
  isBatched: true,
  start: (database, onBatch) =>
    startRunner(onBatch, {
      minDuration,
      loadResource: (airport) => database.load(airport),
      saveResource: (airport, statistics) => database.save(airport, statistics),
    }),
});

/** The same, but the batches of a turn, each an airport's, share a read and a write. */
export const groupcommitManyKeys = (minDuration) => ({
  name: `many keys ${minDuration} ms`,
  isBatched: true,
  start: (database, onBatch) =>
    startRunner(onBatch, {
      minDuration,
      loadResources: (batches) => database.loadMany(batches.map(({ key }) => key)),
      saveResources: (batches) => database.saveMany(batches.map(({ key, resource }) => [key, resource])),
    }),
});

function startRunner(onBatch, options) {
  const airports = startProcessor(options);
  airports.subscribeBatchMetrics(onBatch);
  return {
    update: (airport, change) => airports.run(airport, change),
    stop: () => airports.stop(),
  };
}
