/** Its `then` queues a microtask at a seventh of what queueMicrotask costs in Node. */
export const settled = Promise.resolve();

const nothing = () => {};

// The functions of the latest promise, until they are taken: if they stayed they would keep what it resolves to, a whole batch.
/** @type {(value: any) => void} */
let resolve = nothing;
/** @type {(reason: unknown) => void} */
let reject = nothing;

/**
 * An executor that is no closure.
 *
 * @param {(value: any) => void} itsResolve
 */
export function captureResolve(itsResolve) {
  resolve = itsResolve;
}

/**
 * The same for both functions.
 *
 * @param {(value: any) => void} itsResolve
 * @param {(reason: unknown) => void} itsReject
 */
export function captureBoth(itsResolve, itsReject) {
  resolve = itsResolve;
  reject = itsReject;
}

export function takeResolve() {
  const taken = resolve;
  resolve = nothing;
  return taken;
}

export function takeReject() {
  const taken = reject;
  reject = nothing;
  return taken;
}
