/**
 * A promise for each run, resolved in a microtask, and nothing else: what no way of doing this work can do without.
 *
 * @type {import('./contestants.mjs').Start}
 */
export function startProcessor() {
  /** @type {((value: unknown) => void)[]} */
  let waiting = [];
  const settle = () => {
    const resolves = waiting;
    waiting = [];
    for (const resolve of resolves) resolve(undefined);
  };
  return {
    run() {
      if (waiting.length === 0) Promise.resolve().then(settle);
      return new Promise((resolve) => waiting.push(resolve));
    },
    async stop() {},
  };
}
