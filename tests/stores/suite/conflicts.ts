import { describe, expect, test } from 'vitest';
import type { Harness } from '../harness.js';
import { type Counter, increment, initial, placeOf, rejection } from './place.js';

/** Until it is flushed: longer than a test takes, and no longer than the `maxDuration` that a store may bring. */
const WINDOW = 50_000;

/** What others have done to the record between load and save, and what is there in the end if the batch then starts over. */
const changes: Record<
  string,
  { before: Counter | undefined; meanwhile: Counter | undefined; after: Counter }
> = {
  changed: { before: { count: 1 }, meanwhile: { count: 10 }, after: { count: 11 } },
  'written as it was': { before: { count: 1 }, meanwhile: { count: 1 }, after: { count: 2 } },
  made: { before: undefined, meanwhile: { count: 10 }, after: { count: 11 } },
  deleted: { before: { count: 1 }, meanwhile: undefined, after: { count: 1 } },
};

export function conflicts(harness: Harness): void {
  if (!harness.hasConflicts) {
    test('conflicts', (context) => context.skip('there are none: only one can have the records open'));
    return;
  }
  describe('conflicts', () => {
    const { start } = placeOf(harness);

    /** A batch that has been loaded and not saved yet, beside another on a key that nobody else writes. */
    async function loaded(key: string, processing: object) {
      const { processor, get } = await start({ initial }, { minDuration: WINDOW, ...processing });
      let ran = 0;
      const runs = [key, `beside ${key}`].map((each) =>
        processor.run(each, (counter: Counter) => {
          if (each === key) ran++;
          return increment(counter);
        }),
      );
      const settled = Promise.allSettled(runs);
      await expect.poll(() => ran).toBe(1);
      return { flush: () => (processor.flush(), settled), get, ran: () => ran };
    }

    test.for(Object.entries(changes))(
      'a record that was %s meanwhile is loaded again',
      async ([what, { before, meanwhile, after }]) => {
        const { processor: other } = await start();
        const key = `${what}, again`;
        await other.update(key, () => before);
        const { flush, get, ran } = await loaded(key, {});
        await other.update(key, () => meanwhile);
        expect(await flush()).toMatchObject([{ value: after.count }, { value: 1 }]);
        expect(ran()).toBe(2);
        expect(await get(key)).toEqual(after);
      },
    );

    test.for(Object.entries(changes))(
      'a record that was %s meanwhile is left so without retries',
      async ([what, { before, meanwhile }]) => {
        const { processor: other } = await start();
        const key = `${what}, once`;
        await other.update(key, () => before);
        const { flush, get, ran } = await loaded(key, { retries: 0 });
        await other.update(key, () => meanwhile);
        const [lost, beside] = await flush();
        expect(lost).toMatchObject({ reason: { code: 'ERR_SAVE_FAILED', cause: { code: 'ERR_CONFLICT' } } });
        expect((lost as PromiseRejectedResult).reason.cause.message).toContain(key);
        expect(beside).toMatchObject({ value: 1 });
        expect(ran()).toBe(1);
        expect(await get(key)).toEqual(meanwhile);
        expect(await get(`beside ${key}`)).toEqual({ count: 1 });
      },
    );

    test('a record that is to be deleted is not, if others have changed it', async () => {
      const { processor: other } = await start();
      await other.update('kept', () => ({ count: 1 }));
      const { processor, get } = await start({ initial }, { minDuration: WINDOW, retries: 0 });
      let hasRun = false;
      const deleting = rejection(processor.update('kept', () => void (hasRun = true)));
      await expect.poll(() => hasRun).toBe(true);
      await other.update('kept', () => ({ count: 2 }));
      await processor.flush();
      expect(await deleting).toMatchObject({ cause: { code: 'ERR_CONFLICT' } });
      expect(await get('kept')).toEqual({ count: 2 });
    });

    test('a record that was deleted and made again is not the same', async () => {
      const { processor: other } = await start();
      await other.update('again', () => ({ count: 1 }));
      const { flush, get } = await loaded('again', {});
      await other.update('again', () => undefined);
      await other.update('again', () => ({ count: 50 }));
      expect(await flush()).toMatchObject([{ value: 51 }, { value: 1 }]);
      expect(await get('again')).toEqual({ count: 51 });
    });

    test('two processors on the same records lose nothing', { timeout: 120_000 }, async () => {
      const two = [await start({ initial }), await start({ initial })];
      const keys = Array.from({ length: 5 }, (_, i) => `both ${i}`);
      const rounds = two.map(async ({ processor }) => {
        for (let round = 0; round < 20; round++) {
          await Promise.all(
            keys.flatMap((key) => [processor.run(key, increment), processor.run(key, increment)]),
          );
        }
      });
      await Promise.all(rounds);
      for (const key of keys) expect(await two[0]?.get(key)).toEqual({ count: 80 });
    });
  });
}
