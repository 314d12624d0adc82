import { type Processor, startProcessor } from 'groupcommit';
import { type RedisClient, type RedisStoreOptions, redisStore } from 'groupcommit/redis';
import { afterEach, expect } from 'vitest';
import type { LossyProxy } from '../race/lossy-proxy.mjs';
import { type Counter, initial } from '../suite/place.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** After the test, the latest first. */
export const onEnd = (cleanup: () => unknown): void => void cleanups.push(cleanup);

/** A processor without a window, which is stopped after the test. */
export function processorOn(
  client: RedisClient,
  options: Pick<RedisStoreOptions<Counter>, 'prefix' | 'ttl'> & { maxDuration?: number } = {},
): Processor<Counter, string | number> {
  const { maxDuration = Infinity, ...others } = options;
  const store = redisStore<Counter, string | number>({ ...others, client, initial });
  const processor = startProcessor({ ...store, minDuration: 0, maxDuration });
  onEnd(() => processor.stop());
  return processor;
}

export const plusOne = ({ count }: Counter): Counter => ({ count: count + 1 });

/** How a run fails of which nobody knows whether it was saved. */
export const unknown = { code: 'ERR_SAVE_FAILED', cause: { code: 'ERR_OUTCOME_UNKNOWN' } };

/** Changes the record 'hot' and loses the answer; before the client hears of that, others may do something meanwhile. */
export async function lose(
  processor: Processor<Counter, string | number>,
  proxy: LossyProxy,
  change: (counter: Counter) => Counter | undefined,
  meanwhile?: () => unknown,
): Promise<{ value?: Counter; error?: Error }> {
  let ran = 0;
  const update = processor.update('hot', (counter) => {
    ran++;
    proxy.loseNextAnswer(meanwhile);
    return change(counter) as Counter;
  });
  const outcome = await update.then(
    (value) => ({ value }),
    (error) => ({ error }),
  );
  expect(ran).toBe(1);
  expect(proxy.lost).toBe(1);
  return outcome;
}
