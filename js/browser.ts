import { mistyped, show } from './options.js';
import type { BatchContext, Processor, Release } from './types.js';

/** Takes the lock of a key, to be given to `startProcessor` as its `lockResource`. */
export type LockResource = (key: string | number, context: BatchContext) => Promise<Release>;

/** Options of {@link webLocks}. */
export interface WebLocksOptions {
  /**
   * What the names of the locks begin with. Whoever changes the same records has to use the same; all tabs and workers of an origin
   * share one space of names.
   *
   * @defaultValue `'groupcommit:'`
   */
  prefix?: string | undefined;
}

/**
 * Makes a `lockResource` that lets one tab or worker of an origin at a time have a batch on a key, by the Web Locks API.
 *
 * A key's lock is named by the prefix and the key in JSON: `groupcommit:"alice"`, `groupcommit:1`. It is held while a batch is
 * pending and no longer, since a page that holds one cannot go into the back/forward cache. When the page or worker ends, the browser
 * releases its locks.
 *
 * The function that it returns rejects where there are no Web Locks: in a page that is not secure (neither https nor localhost),
 * and outside of browsers. It rejects with the signal's reason if `signal` aborts while it waits.
 *
 * @throws TypeError or RangeError if `prefix` is no string, is empty, or begins with a hyphen.
 *
 * @example
 * <!-- not run -->
 * ```ts
 * import { startProcessor } from 'groupcommit';
 * import { webLocks } from 'groupcommit/browser';
 *
 * const drafts = startProcessor<string | null>({
 *   loadResource: (key) => localStorage.getItem(key),
 *   saveResource: (key, draft) => localStorage.setItem(key, draft ?? ''),
 *   lockResource: webLocks({ prefix: 'drafts:' }),
 * });
 * await drafts.update('letter', (draft) => `${draft ?? ''}Dear reader,`);
 * ```
 */
export function webLocks({ prefix = 'groupcommit:' }: WebLocksOptions = {}): LockResource {
  if (typeof prefix !== 'string') throw mistyped('prefix', 'a string', prefix);
  if (!/^[^-]/s.test(prefix)) {
    throw new RangeError(`prefix must not be empty or begin with a hyphen, like ${show(prefix)}`);
  }

  return (key, { signal }) =>
    new Promise((granted, failed) => {
      const name = prefix + (typeof key === 'string' ? JSON.stringify(key) : key);
      // The lock is held for as long as the promise that this callback returns is pending.
      const hold = () => new Promise<void>((release) => granted(release));
      locks().request(name, { signal }, hold).catch(failed);
    });
}

function locks(): LockManager {
  const { navigator, isSecureContext } = globalThis;
  // The types know only browsers, where it is missing from pages that are not secure.
  const manager = (navigator as Navigator | undefined)?.locks as LockManager | undefined;
  if (manager) return manager;
  throw new Error(
    isSecureContext === false
      ? 'There are no Web Locks in a page that is neither served by https nor from localhost'
      : 'There are no Web Locks here',
  );
}

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
