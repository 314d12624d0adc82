import { describe, expect, test } from 'vitest';
import type { Harness } from '../harness.js';
import { LossyProxy } from '../race/lossy-proxy.mjs';
import { type Counter, increment, initial, placeOf, rejection } from './place.js';

export function lostConnections(harness: Harness): void {
  describe('a connection that is lost', () => {
    const { start, location, onClose } = placeOf(harness);

    test('in the midst of a save: the outcome is not known, and the save not repeated', {
      timeout: 120_000,
    }, async (context) => {
      const { port } = location();
      if (port === undefined) return context.skip('there is no server at one port');
      const proxy = await LossyProxy.to(port);
      onClose(() => proxy.close());
      const { processor, get } = await start({ initial }, {}, { ...location(), port: proxy.port });
      await processor.run('lost', increment);

      let ran = 0;
      const run = processor.run('lost', (counter: Counter) => {
        ran++;
        proxy.loseNextAnswer();
        return increment(counter);
      });
      if (harness.sendsAgain) expect(await run).toBe(2);
      else {
        const error = await rejection(run);
        expect(error).toMatchObject({ code: 'ERR_SAVE_FAILED', cause: expect.any(Error) });
        expect((error.cause as { code?: string }).code).not.toBe('ERR_CONFLICT');
      }
      expect(proxy.lost).toBe(1);
      expect(ran).toBe(1);

      const { count } = (await get('lost').catch(() => get('lost'))) as Counter;
      expect([1, 2]).toContain(count);
      // A pool may learn only by its next use that a connection has gone.
      await expect
        .poll(() => processor.run('lost', increment).catch(() => 0), { timeout: 20_000 })
        .toBeGreaterThan(count);
    });
  });
}
