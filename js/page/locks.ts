import { mistyped, show } from '../core/settings.js';
import type { BatchContext, Release } from '../core/types.js';

/** Takes the lock of a key, to be given to `startProcessor` as its `lockResource`. */
export type LockResource = (key: string | number, context: Pick<BatchContext, 'signal'>) => Promise<Release>;

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

  return keyLocks(prefix);
}

/** The same for a prefix that is known to be right. */
export function keyLocks(prefix: string): LockResource {
  return (key, { signal }) =>
    requestLock(prefix + (typeof key === 'string' ? JSON.stringify(key) : key), 'exclusive', signal);
}

/** How often locks that are waited for are asked for once more, in ms, and how many at a time. */
const PATIENCE = 1000;
const REMINDERS = 10;

/** Asks once more for a lock that is waited for. Who has been reminded of the longest ago comes first. */
const reminders = new Set<() => void>();
let reminding: ReturnType<typeof setInterval> | undefined;

function remind(): void {
  for (const ask of [...reminders].slice(0, REMINDERS)) {
    reminders.delete(ask);
    reminders.add(ask);
    ask();
  }
}

/**
 * Resolves to the function that releases the lock.
 *
 * In Chromium a page that is left with a lock for which another one waits goes into the back/forward cache all the same, and keeps it.
 * It is given up there, with all of its locks, when somebody asks for one. So whoever waits long asks again and again, and withdraws that
 * when the lock has come.
 */
export function requestLock(name: string, mode: LockMode, signal: AbortSignal): Promise<Release> {
  const request = (signal: AbortSignal, hold: () => unknown) => locks().request(name, { mode, signal }, hold);
  let reminder: AbortController | undefined;
  const ask = () => {
    reminder?.abort();
    reminder = new AbortController();
    // Its outcome is nobody's: that of the request tells the same.
    request(reminder.signal, () => {}).catch(() => {});
  };
  reminders.add(ask);
  reminding ??= setInterval(remind, PATIENCE);
  const granted = new Promise<Release>((granted, failed) => {
    // The lock is held for as long as the promise that this callback returns is pending.
    request(signal, () => new Promise<void>((release) => granted(release))).catch(failed);
  });
  return granted.finally(() => {
    reminder?.abort();
    reminders.delete(ask);
    if (reminders.size === 0) reminding = clearInterval(reminding) as undefined;
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
