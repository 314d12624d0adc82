/** Its `then` queues a microtask at a seventh of what queueMicrotask costs in Node. */
export const settled = Promise.resolve();

/** The functions of the latest promise that was made with `capture`. */
export const captured = {
  resolve: (/** @type {any} */ _value) => {},
  reject: (/** @type {unknown} */ _reason) => {},
};

/**
 * An executor that is no closure.
 *
 * @param {(value: any) => void} resolve
 * @param {(reason: unknown) => void} reject
 */
export function capture(resolve, reject) {
  captured.resolve = resolve;
  captured.reject = reject;
}
