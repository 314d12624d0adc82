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
  minDuration,
  start(database, onBatch) {
    const airports = startProcessor({
      minDuration,
      loadResource: (airport) => database.load(airport),
      saveResource: (airport, statistics) => database.save(airport, statistics),
    });
    airports.subscribeBatchMetrics(onBatch);
    return {
      update: (airport, change) => airports.run(airport, change),
      stop: () => airports.stop(),
    };
  },
});
