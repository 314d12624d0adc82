import { describe, expect, test } from 'vitest';
import type { Harness } from '../harness.js';
import { increment, initial, placeOf, rejection } from './place.js';

export function core(harness: Harness): void {
  describe('records', () => {
    const { start } = placeOf(harness);

    test('are changed in place, and are there for others', async () => {
      const { processor, get } = await start({ initial });
      const counts = await Promise.all(
        Array.from({ length: 100 }, () => processor.run('hundred', increment)),
      );
      expect(counts).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
      expect(await get('hundred')).toEqual({ count: 100 });
      expect(await processor.read('hundred', ({ count }) => count)).toBe(100);
    });

    test('are replaced by update', async () => {
      const { processor, get } = await start();
      expect(await processor.update('replaced', () => 1)).toBe(1);
      expect(await processor.update('replaced', (n) => n + 1)).toBe(2);
      expect(await get('replaced')).toBe(2);
    });

    test('that are missing load as undefined', async () => {
      const { processor, get } = await start();
      expect(await processor.read('missing', (resource) => resource === undefined)).toBe(true);
      expect(await get('missing')).toBeUndefined();
    });

    test('that are missing load as what initial makes of the key', async () => {
      const { processor, get } = await start({ initial: (key) => ({ of: key }) });
      expect(await processor.read('fresh', ({ of }) => of)).toBe('fresh');
      expect(await get('fresh')).toBeUndefined();
      await processor.run(7, () => {});
      expect(await processor.read(7, ({ of }) => of)).toBe(7);
    });

    test('of which initial throws fail alone', async () => {
      const { processor, get } = await start({
        initial: (key) => {
          if (key === 'bad') throw new RangeError('not this one');
          return initial();
        },
      });
      const [bad, good] = await Promise.allSettled([
        processor.run('bad', increment),
        processor.run('good', increment),
      ]);
      expect(bad).toMatchObject({ reason: { code: 'ERR_LOAD_FAILED', cause: { message: 'not this one' } } });
      expect(good).toMatchObject({ value: 1 });
      expect(await get('good')).toEqual({ count: 1 });
    });

    test('are deleted by undefined', async () => {
      const { processor, get } = await start();
      await processor.update('deleted', () => ({ count: 1 }));
      await processor.update('deleted', () => undefined);
      expect(await get('deleted')).toBeUndefined();
      expect(await processor.read('deleted', (resource) => resource === undefined)).toBe(true);
      await processor.update('deleted', () => undefined);
      await processor.update('deleted', () => 'again');
      expect(await get('deleted')).toBe('again');
    });

    test('are each loaded anew: what was not saved is not there', async () => {
      const { processor } = await start({ initial });
      await processor.run('anew', increment);
      await processor.read('anew', (counter) => void (counter.count = 1_000));
      expect(await processor.read('anew', ({ count }) => count)).toBe(1);
    });

    test('fail with the code of the client when it is closed', async () => {
      const { processor, close } = await start({ initial });
      await processor.run('closed', increment);
      await close();
      const error = await rejection(processor.run('closed', increment));
      expect(error.code).toMatch(/^ERR_(LOCK|LOAD)_FAILED$/);
      expect(error.cause).toBeInstanceOf(Error);
      expect((error.cause as Error).message).not.toBe('');
    });
  });
}
