// What the tabs and the worker do that change the same records at the same time.

/**
 * Increments numbers, some at a time, and returns how many promises have resolved.
 *
 * @param {{ database: string, keys: string[], times: number, atATime: number, minDuration: number, locked: boolean }} task
 */
export async function increment({ database, keys, times, atATime, minDuration, locked }) {
  const { indexedDBStore, startProcessor } = groupcommit;
  const store = indexedDBStore({ database, store: 'counters', initial: () => 0 });
  const options = { ...store, minDuration, maxDuration: Infinity };
  const counters = startProcessor({ ...options, ...(!locked && { lockResource: undefined }) });
  for (let done = 0; done < times; done += atATime) {
    const some = Array.from(
      { length: Math.min(atATime, times - done) },
      (_, i) => keys[(done + i) % keys.length],
    );
    await Promise.all(some.map((key) => counters.update(key, (count) => count + 1)));
  }
  store.close();
  return times;
}
