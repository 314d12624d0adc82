import { setTimeout as sleep } from 'node:timers/promises';

/** What the promise resolves to, or undefined if that takes too long. */
export async function within(milliseconds, promise) {
  const controller = new AbortController();
  const late = sleep(milliseconds, undefined, controller).catch(() => undefined);
  try {
    return await Promise.race([promise, late]);
  } finally {
    controller.abort();
  }
}
