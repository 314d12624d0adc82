/** @type {() => Promise<void>} */
export const nextTurn =
  typeof setImmediate === 'function'
    ? () => new Promise((resolve) => setImmediate(resolve))
    : () =>
        new Promise((resolve) => {
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = () => (port1.close(), resolve());
          port2.postMessage(0);
        });

/** @param {Promise<unknown>} promise */
export function watch(promise) {
  const watched = { state: 'pending', value: undefined };
  promise.then(
    (value) => Object.assign(watched, { state: 'fulfilled', value }),
    (error) => Object.assign(watched, { state: error?.code ?? error?.name ?? 'rejected', value: error }),
  );
  return watched;
}

/** Waits until none of them is pending, for a number of turns of the event loop. */
export async function atRest(...watched) {
  for (let turn = 0; turn < 60 && watched.some(({ state }) => state === 'pending'); turn++) await nextTurn();
}
