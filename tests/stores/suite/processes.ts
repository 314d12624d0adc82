import { describe, expect, test } from 'vitest';
import type { Harness } from '../harness.js';
import { race } from '../race/race.mjs';

export function processes(harness: Harness): void {
  describe('processes', () => {
    test('3 that make increments at once lose none, and one is killed under way', {
      timeout: 300_000,
    }, async () => {
      const result = await race(harness, { processes: 3, increments: 3_000 });
      expect(result).toMatchObject({ lost: 0, twice: 0 });
      expect(result.acknowledged).toBeGreaterThanOrEqual(3_000);
    });
  });
}
