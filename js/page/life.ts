import type { Processor } from '../core/types.js';
import { isInterrupting, lureInterruption, waitUntilSent } from './interruption.js';

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

/** What is done for each processor when the page is hidden. */
const hides = new Set<() => void>();

/** All in one turn: what comes after it, a page that goes may not live to see. To listen with it twice is to listen once. */
function hideAll(): void {
  for (const hide of hides) hide();
}

/**
 * Flushes a processor whenever the page is hidden or left, and closes windows at once for as long as it is hidden, until the function
 * that it returns is called.
 *
 * A page that is being hidden may never run again: the visitor switches to another app and swipes this one away, closes the tab, or
 * follows a link. Then the windows that are open close at once, and with `indexedDBStore` what has been loaded is saved before the
 * page is gone. What still waits for its lock, its load, or an earlier save of its key is lost with the page: its promise has
 * not resolved. In Firefox a page that is left with runs pending may take 250 ms longer to go, and 20 ms more for each further processor.
 *
 * A page that stays hidden has timers that ring once a second, or once a minute. Meanwhile `flushesAtOnce` of the processor is true: what
 * is changed there is saved when it has been loaded, and no other tab waits for a late timer.
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
  processor: Pick<Processor<never, never>, 'flush' | 'flushesAtOnce' | 'pending'>,
  { warnOnLeave = false }: FlushOnHideOptions = {},
): () => void {
  if (typeof document === 'undefined') return () => {};

  const subscription = new AbortController();
  /** Those that are open close now; those that open while the page is hidden, when they have loaded. */
  const hide = () => {
    processor.flushesAtOnce = true;
    void processor.flush();
  };
  const show = () => {
    processor.flushesAtOnce = false;
  };
  const follow = () => (document.visibilityState === 'hidden' ? hide() : show());
  const needsShield = ({ persisted }: PageTransitionEvent) =>
    isInterrupting() && !persisted && processor.pending > 0;
  /** Where each flush needs its shield, one by one. */
  const leave = isInterrupting() ? hide : hideAll;

  hides.add(hide);
  document.addEventListener('visibilitychange', follow, subscription);
  addEventListener('pageshow', follow, subscription);
  addEventListener('pagehide', (event) => needsShield(event) && lureInterruption(), subscription);
  addEventListener('pagehide', leave);
  addEventListener('pagehide', (event) => needsShield(event) && waitUntilSent(), subscription);
  if (warnOnLeave) {
    addEventListener(
      'beforeunload',
      (event) => processor.pending > 0 && event.preventDefault(),
      subscription,
    );
  }
  follow();
  return () => {
    subscription.abort();
    hides.delete(hide);
    if (leave === hide || hides.size === 0) removeEventListener('pagehide', leave);
    show();
  };
}
