import { startProcessor } from 'groupcommit';
import { describe, expect, test } from 'vitest';
import { type Counter, collecting, inChild, noop, oneBatch, settleDown, watch } from './support.js';

describe('Metrics', () => {
  describe('for await (const metric of accounts.batchMetrics())', () => {
    test('gives each metric, and ends at stop(), after the last batch’s metric', async () => {
      const { accounts, loads, saves } = collecting();
      const keys: string[] = [];
      let ended = false;
      const loop = (async () => {
        for await (const metric of accounts.batchMetrics()) keys.push(metric.resourceKey);
        ended = true;
      })();
      await oneBatch({ accounts, loads, saves }, 'alice');
      expect(keys).toEqual(['alice']);
      watch(accounts.run('bob', noop));
      await settleDown();
      watch(accounts.stop());
      await settleDown();
      expect(ended).toBe(false);
      await loads[1]?.succeed({ count: 0 });
      expect(ended).toBe(false);
      await saves[1]?.succeed();
      await settleDown();
      expect(keys).toEqual(['alice', 'bob']);
      expect(ended).toBe(true);
      await loop;
    });

    test('ends at stop() where no batch is pending', async () => {
      const { accounts } = collecting();
      const next = accounts.batchMetrics()[Symbol.asyncIterator]().next();
      await accounts.stop();
      expect(await next).toEqual({ done: true, value: undefined });
    });

    test('keeps what has not been read yet, without bound, in order, also beyond stop()', async () => {
      const accounts = startProcessor<Counter, number>({ minDuration: 0 });
      const iterator = accounts.batchMetrics()[Symbol.asyncIterator]();
      const first = iterator.next();
      for (let key = 0; key < 5_000; key++) watch(accounts.run(key, noop));
      await accounts.stop();
      const keys = [(await first).value?.resourceKey];
      for (let next = await iterator.next(); !next.done; next = await iterator.next())
        keys.push(next.value.resourceKey);
      expect(keys).toEqual(Array.from({ length: 5_000 }, (_, key) => key));
      expect(await iterator.next()).toEqual({ done: true, value: undefined });
    });

    test('several nexts at once get a metric each', async () => {
      const processor = collecting();
      const iterator = processor.accounts.batchMetrics()[Symbol.asyncIterator]();
      const nexts = [iterator.next(), iterator.next(), iterator.next()];
      await oneBatch(processor, 'alice');
      await oneBatch(processor, 'bob');
      await processor.accounts.stop();
      const results = await Promise.all(nexts);
      expect(results.map((result) => result.value?.resourceKey)).toEqual(['alice', 'bob', undefined]);
      expect(results[2]?.done).toBe(true);
    });

    test('two iterations get every metric each', async () => {
      const processor = collecting();
      const iterators = [1, 2].map(() => processor.accounts.batchMetrics()[Symbol.asyncIterator]());
      const nexts = iterators.map((iterator) => iterator.next());
      await oneBatch(processor, 'alice');
      expect((await Promise.all(nexts)).map((next) => next.value?.resourceKey)).toEqual(['alice', 'alice']);
    });

    test('leaving the loop ends it: nothing is kept any more', async () => {
      const { code, stdout, stderr } = await inChild(
        `
          const accounts = startProcessor({ minDuration: 0 });
          const kept = [];
          accounts.subscribeBatchMetrics((metric) => kept.push(new WeakRef(metric)));
          setTimeout(() => accounts.run('alice', () => {}), 1);
          for await (const metric of accounts.batchMetrics()) break;
          kept.length = 0;
          for (let run = 0; run < 100; run++) await accounts.run('alice', () => {});
          for (let round = 0; round < 20 && kept.some((reference) => reference.deref()); round++) {
            await new Promise((resolve) => setTimeout(resolve, 5));
            gc();
          }
          print(kept.length + ' batches, ' + kept.filter((reference) => reference.deref()).length + ' metrics kept');
        `,
        { flags: ['--expose-gc'] },
      );
      expect({ code, stdout, stderr }).toEqual({
        code: 0,
        stdout: '100 batches, 0 metrics kept\n',
        stderr: '',
      });
    });

    test('return() ends an iteration whose next is pending', async () => {
      const processor = collecting();
      const iterator = processor.accounts.batchMetrics()[Symbol.asyncIterator]();
      const next = watch(iterator.next());
      watch(iterator.return?.() ?? Promise.reject(new Error('no return')));
      await oneBatch(processor);
      await processor.accounts.stop();
      expect(next.outcome.state).toBe('fulfilled');
      expect(await iterator.next()).toEqual({ done: true, value: undefined });
    });

    test('failed batches too, without ending the loop', async () => {
      const { accounts, loads } = collecting();
      const codes: unknown[] = [];
      const loop = (async () => {
        for await (const metric of accounts.batchMetrics()) codes.push(metric.error?.code);
      })();
      await settleDown();
      for (let batch = 0; batch < 2; batch++) {
        watch(accounts.run('alice', noop));
        await settleDown();
        await loads[batch]?.fail(new Error('disk'));
      }
      await accounts.stop();
      await loop;
      expect(codes).toEqual(['ERR_LOAD_FAILED', 'ERR_LOAD_FAILED']);
    });
  });
});
