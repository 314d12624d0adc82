import type { Processor } from '../core/types.js';
import { lureInterruption, waitUntilSent } from './interruption.js';

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

/** All share one set of listeners, and one wait when the page goes. */
const subscriptions = new Set<{ processor: Parameters<typeof flushOnHide>[0] }>();
let listening: AbortController | undefined;

/**
 * Flushes a processor whenever the page is hidden or left, and closes windows at once for as long as it is hidden, until the function
 * that it returns is called.
 *
 * A page that is being hidden may never run again: the visitor switches to another app and swipes this one away, closes the tab, or
 * follows a link. Then the windows that are open close at once, and with `indexedDBStore` what has been loaded is saved before the
 * page is gone. What still waits for its lock, its load, or an earlier save of its key is lost with the page: its promise has
 * not resolved. In Firefox a page that is left with runs pending may take 250 ms longer to go.
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

  const subscription = { processor };
  const warn = (event: Event) => processor.pending > 0 && event.preventDefault();
  subscriptions.add(subscription);
  listening ??= listen();
  follow();
  if (warnOnLeave) addEventListener('beforeunload', warn);
  return () => {
    subscriptions.delete(subscription);
    removeEventListener('beforeunload', warn);
    processor.flushesAtOnce = false;
    follow();
    if (subscriptions.size > 0) return;
    listening?.abort();
    listening = undefined;
  };
}

function listen(): AbortController {
  const listening = new AbortController();
  document.addEventListener('visibilitychange', follow, listening);
  addEventListener('pageshow', follow, listening);
  addEventListener('pagehide', prepare, listening);
  addEventListener('pagehide', () => hide(true), listening);
  // By then the microtasks of the flush have run, and all that could be saved is on its way.
  addEventListener('pagehide', waitUntilSent, listening);
  return listening;
}

function follow(): void {
  hide(document.visibilityState === 'hidden');
}

function prepare({ persisted }: PageTransitionEvent): void {
  const isPending = [...subscriptions].some(({ processor }) => processor.pending > 0);
  if (isPending && !persisted) lureInterruption();
}

/** All windows close in one turn: what comes after it, a page that goes may not live to see. */
function hide(isHidden: boolean): void {
  for (const { processor } of subscriptions) {
    processor.flushesAtOnce = isHidden;
    if (isHidden) void processor.flush();
  }
}
