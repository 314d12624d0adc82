import type { Processor } from '../core/types.js';

/** Options of {@link flushOnHide}. */
export interface FlushOnHideOptions {
  /**
   * Also have the browser ask whether to leave the page while runs are pending. It asks only visitors who have interacted with
   * the page, in words of its own, and not on phones that just switch to another app.
   *
   * @defaultValue false
   */
  warnOnLeave?: boolean | undefined;
}

/**
 * Flushes a processor whenever the page is hidden or left, until the function that it returns is called.
 *
 * A page that is being hidden may never run again: the visitor switches to another app and swipes this one away, closes the tab, or
 * follows a link. Then the windows that are open close at once, and with `indexedDBStore` what has been loaded is saved before the
 * page is gone. What still waits for its lock, its load, or an earlier save of its key is lost with the page: its promise has
 * not resolved. A page that is closed with runs pending may take 20 ms longer to go.
 *
 * Where there is no document (on a server, in a worker) it does nothing: no page's life can be followed there.
 *
 * @example
 * <!-- not run -->
 * ```ts
 * import { startProcessor } from 'groupcommit';
 * import { flushOnHide } from 'groupcommit/browser';
 * import { indexedDBStore } from 'groupcommit/indexeddb';
 *
 * const visits = startProcessor(indexedDBStore({ database: 'shop', store: 'visits', initial: () => 0 }));
 * const unsubscribe = flushOnHide(visits, { warnOnLeave: true });
 * ```
 */
export function flushOnHide(
  processor: Pick<Processor<never, never>, 'flush' | 'pending'>,
  { warnOnLeave = false }: FlushOnHideOptions = {},
): () => void {
  const subscription = new AbortController();
  if (typeof document === 'undefined') return () => {};

  const options = { signal: subscription.signal };
  const flush = () => void processor.flush();
  document.addEventListener(
    'visibilitychange',
    () => document.visibilityState === 'hidden' && flush(),
    options,
  );
  addEventListener(
    'pagehide',
    ({ persisted }) => !persisted && processor.pending > 0 && lureInterruption(),
    options,
  );
  addEventListener('pagehide', flush, options);
  if (warnOnLeave) {
    addEventListener('beforeunload', (event) => processor.pending > 0 && event.preventDefault(), options);
  }
  return () => subscription.abort();
}

/**
 * When Firefox closes the last tab of a site, it interrupts the script that it finds running a moment later, once, and what it
 * interrupts never goes on (its preference dom.abort_script_on_child_shutdown). That had better be this loop than a save: without it one
 * in ten is lost, with it none.
 */
function lureInterruption(): void {
  const end = performance.now() + 20;
  while (performance.now() < end);
}
