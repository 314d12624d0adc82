import { describe, expect, test } from 'vitest';
import type { Harness } from '../harness.js';
import { increment, initial, placeOf, rejection } from './place.js';

export function calls(harness: Harness): void {
  describe('calls', () => {
    const { start, open } = placeOf(harness);

    test('are for many keys', { timeout: 60_000 }, async () => {
      const { processor } = await start({ initial });
      const together: number[] = [];
      processor.subscribeBatchMetrics(({ loadedTogether, savedTogether }) =>
        together.push(loadedTogether, savedTogether),
      );
      const keys = Array.from({ length: 2_000 }, (_, i) => `many ${i}`);
      await Promise.all(keys.map((key) => processor.run(key, increment)));
      // A store may say how many keys a statement takes, but one by one is not meant.
      expect(Math.min(...together)).toBeGreaterThan(100);
      expect(await Promise.all(keys.map((key) => processor.run(key, increment)))).toEqual(keys.map(() => 2));
    });

    test('with a signal that has aborted do not begin', async () => {
      const { store, get } = await open({ initial });
      const call = { signal: AbortSignal.abort(new Error('given up')) };
      const batch = { key: 'signal', signal: new AbortController().signal };
      await store.loadResources([batch], { signal: batch.signal });
      const load = async () => store.loadResources([batch], call);
      const save = async () => store.saveResources([{ ...batch, resource: { count: 5 } }], call);
      expect(await rejection(load())).toMatchObject({ message: 'given up' });
      expect(await rejection(save())).toMatchObject({ message: 'given up' });
      expect(await get('signal')).toBeUndefined();
    });

    test('of a load and a save end before stop resolves', async () => {
      const { processor, get } = await start({ initial });
      const runs = Promise.all([processor.run('stopped', increment), processor.run('stopped', increment)]);
      await processor.stop();
      expect(await get('stopped')).toEqual({ count: 2 });
      expect(await runs).toEqual([1, 2]);
    });
  });
}
