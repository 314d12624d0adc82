// What the engine asks of the platform, by way of the glue.

export const queueMicrotask = (task: () => void): void => globalThis.queueMicrotask(task);
export const setTimeout = (callback: () => void, delay: number): unknown =>
  globalThis.setTimeout(callback, delay);
export const clearTimeout = (timer: number): void => globalThis.clearTimeout(timer);
