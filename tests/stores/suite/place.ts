import { type Processor, type ProcessorOptions, startProcessor } from 'groupcommit';
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { Harness, Opened, Options, Place } from '../harness.js';

// biome-ignore lint/suspicious/noExplicitAny: resources of every kind are kept
type AnyProcessor = Processor<any, any>;
// biome-ignore lint/suspicious/noExplicitAny: resources of every kind are kept
type AnyOptions = ProcessorOptions<any, any>;

export interface Started extends Opened {
  processor: AnyProcessor;
}

/** A place for the tests of one `describe`, and what they open in it, which is closed after each. */
export function placeOf(harness: Harness) {
  let place: Place;
  const opened: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    place = await harness.start();
  });
  afterEach(async () => {
    for (const close of opened.splice(0).reverse()) await close();
  });
  afterAll(() => place?.stop());

  const open = async (options?: Options, location = place.location): Promise<Opened> => {
    const { store, get, close } = await harness.open(location, options);
    let closing: Promise<void> | undefined;
    const closeOnce = () => (closing ??= close());
    opened.push(closeOnce);
    return { store, get, close: closeOnce };
  };

  return {
    open,
    location: () => place.location,
    onClose: (close: () => Promise<void>) => opened.push(close),
    /** A processor on a client of its own; without a window, if nothing else is said. */
    async start(options?: Options, processing: AnyOptions = {}, location = place.location): Promise<Started> {
      const { store, get, close } = await open(options, location);
      const processor: AnyProcessor = startProcessor({ ...store, minDuration: 0, ...processing });
      opened.push(() => processor.stop());
      return { store, get, close, processor };
    },
  };
}

export interface Counter {
  count: number;
}
export const initial = (): Counter => ({ count: 0 });
export const increment = (counter: Counter) => ++counter.count;

/** What a promise rejects with. */
export async function rejection(
  promise: Promise<unknown>,
): Promise<Error & { code?: string; cause?: unknown }> {
  return promise.then(
    (value) => {
      throw new Error(`It was expected to reject, and has resolved to ${JSON.stringify(value)}`);
    },
    (reason) => reason,
  );
}
