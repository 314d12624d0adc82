/** Reports an error the way the platform reports one that nobody caught. */
export function report(error: unknown): void {
  if (typeof reportError === 'function') reportError(error);
  else {
    globalThis.queueMicrotask(() => {
      throw error;
    });
  }
}
