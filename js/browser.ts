/**
 * For pages: locks across tabs, and a page's life survived.
 *
 * @module groupcommit/browser
 */
export { type FlushOnHideOptions, flushOnHide } from './page/life.js';
export { type LockResource, type WebLocksOptions, webLocks } from './page/locks.js';
