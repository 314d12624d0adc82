import type { CallContext } from '../../core/types.js';

/** Batches that began before the page was shown. */
const early = new WeakSet<object>();

/** In a page that is prerendered: resolves when it is shown. Until then the browser grants no lock. */
export function activation(batch: object): Promise<unknown> | undefined {
  const document: (Document & { prerendering?: boolean }) | undefined = globalThis.document;
  if (!document?.prerendering) return undefined;
  early.add(batch);
  return new Promise((resolve) => document.addEventListener('prerenderingchange', resolve, { once: true }));
}

/** The signal to heed in a call. While a page was prerendered time did not count: its batches get as much from now on. */
export function signalOf(
  batches: readonly object[],
  { signal }: CallContext,
  maxDuration: number,
): AbortSignal {
  return batches.some((batch) => early.has(batch)) ? AbortSignal.timeout(maxDuration) : signal;
}
