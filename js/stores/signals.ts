/** The outcome, if it comes before the signal aborts. */
export function unlessAborted<T>(signal: AbortSignal, outcome: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    outcome.then(resolve, reject);
  });
}
