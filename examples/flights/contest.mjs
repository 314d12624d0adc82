import { addFlight } from './statistics.mjs';

/**
 * Sends the updates, in order, through one contestant, with `inFlight` of them under way at any time: as soon as one
 * has settled the next one is called. When `signal` aborts no further update is called, and those called are awaited.
 */
export async function contest({ contestant, database, updates, inFlight, signal, onSettled }) {
  const batches = [];
  let accepted = 0;
  let wait = 0;

  const runner = contestant.start(database, (metric) => batches.push(metric));
  const stop = () => runner.stop();
  signal.addEventListener('abort', stop);

  async function caller() {
    while (accepted < updates.length && !signal.aborted) {
      const { airport, flight } = updates[accepted++];
      const called = performance.now();
      await runner.update(airport, (statistics) => addFlight(statistics, flight));
      wait += performance.now() - called;
      onSettled();
    }
  }

  try {
    const start = performance.now();
    await Promise.all(Array.from({ length: Math.min(inFlight, updates.length) }, caller));
    const seconds = (performance.now() - start) / 1000;
    const { loads, saves } = database;
    return {
      accepted,
      seconds,
      throughput: accepted / seconds,
      meanWait: wait / accepted,
      loads,
      saves,
      batches,
    };
  } finally {
    signal.removeEventListener('abort', stop);
    await runner.stop();
  }
}
