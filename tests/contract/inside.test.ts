import { startProcessor } from 'groupcommit';
import { describe, expect, test } from 'vitest';
import { acts, places } from './inside.js';
import { noop, settleDown, watch } from './support.js';

describe('A call that is made in any callback, getter, trap or listener is like any other', () => {
  for (const [place, arrange] of Object.entries(places)) {
    test.each(Object.keys(acts))(`${place}: %s`, async (act) => {
      const runs: { outcome: { state: string } }[] = [];
      const controller = new AbortController();
      let calls = 0;
      const inside = () => {
        if (calls++ > 0) return;
        const made = acts[act]?.(accounts, () => controller.abort()) as Promise<unknown>[];
        runs.push(...made.map(watch));
      };
      const { options, start } = arrange(inside);
      const active = new Set<string>();
      const alone =
        (callback: (...args: unknown[]) => unknown = () => ({})) =>
        async (key: string, ...args: unknown[]) => {
          expect(active.has(key)).toBe(false);
          active.add(key);
          try {
            return await callback(key, ...args);
          } finally {
            active.delete(key);
          }
        };
      const { loadResource, saveResource, ...others } = (options ?? {}) as Record<string, never>;
      const accounts = startProcessor<object>({
        minDuration: 0,
        ...others,
        loadResource: loadResource ?? alone(),
        saveResource: saveResource ?? alone(),
      });
      start?.(accounts, runs);
      runs.push(watch(accounts.run('alice', noop)));
      runs.push(watch(accounts.run('alice', noop, { signal: controller.signal })));
      runs.push(watch(accounts.run('dave', noop)));
      await accounts.flush();
      await settleDown();
      expect(calls).toBeGreaterThan(0);
      if (act !== 'stop()') runs.push(watch(accounts.run('alice', noop)));
      await accounts.flush();
      await accounts.stop();
      await settleDown();
      expect(runs.map((run) => run.outcome.state)).not.toContain('pending');
      expect(accounts.pending).toBe(0);
    });
  }
});
