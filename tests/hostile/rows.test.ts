import { startProcessor } from 'groupcommit';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { heldStore, inChild, packageFolder, runNode, settleDown, watch } from '../node/support.js';
import { allAtRest, atRest, fulfilled, noop, throwIt } from './support.js';

describe('Whatever user code does, every caller hears the truth', () => {
  afterEach(() => void vi.useRealTimers());

  test('A run that is cancelled while its load is under way does not make stop() resolve before load and lock have ended', async () => {
    const { loads, ...store } = heldStore<object>();
    let released = 0;
    const accounts = startProcessor<object>({
      ...store,
      minDuration: 0,
      lockResource: () => () => void released++,
    });
    const controller = new AbortController();
    const run = watch(accounts.run('alice', noop, { signal: controller.signal }));
    await settleDown();
    expect(store.calls).toEqual(['load alice']);
    controller.abort();
    await settleDown();
    expect(run.outcome).toMatchObject({ reason: { code: 'ERR_OPERATION_CANCELLED' } });
    const stopped = watch(accounts.stop());
    await settleDown();
    expect({ ...stopped.outcome, released }).toEqual({ state: 'pending', released: 0 });
    await loads[0]?.succeed({});
    expect({ ...stopped.outcome, released }).toEqual({ state: 'fulfilled', value: undefined, released: 1 });
  });

  test('A signal whose other listener stops the event cancels its runs all the same', async () => {
    const { loads, ...store } = heldStore<object>();
    const accounts = startProcessor<object>({ ...store, minDuration: 0 });
    const controller = new AbortController();
    const { signal } = controller;
    signal.addEventListener('abort', (event) => event.stopImmediatePropagation());
    let ran = 0;
    const runs = [
      watch(accounts.run('alice', () => ++ran, { signal })),
      watch(accounts.run('alice', () => 'other')),
      watch(accounts.update('alice', () => ({ ran: ++ran }), { signal })),
      watch(accounts.read('bob', () => ++ran, { signal })),
    ];
    await settleDown();
    controller.abort('why');
    for (const load of loads) await load.succeed({});
    for (const save of store.saves) await save.succeed();
    const cancelled = { reason: { code: 'ERR_OPERATION_CANCELLED', cause: 'why' } };
    expect(runs.map((run) => run.outcome)).toMatchObject([
      cancelled,
      fulfilled('other'),
      cancelled,
      cancelled,
    ]);
    expect(ran).toBe(0);
    expect(store.calls.filter((call) => call.startsWith('save '))).toEqual(['save alice']);
    expect(accounts.pending).toBe(0);
    expect(await atRest(accounts.stop())).toEqual(fulfilled());
  });

  test('What a call costs does not grow with what is pending: 30,000 runs and flushes behind a save that hangs', async () => {
    const { code, stdout, stderr } = await inChild(
      `
      let saved;
      const accounts = startProcessor({ minDuration: 0, saveResource: () => (saved ? undefined : new Promise((resolve) => (saved = resolve))) });
      const ends = [accounts.run('alice', () => 0)];
      await new Promise((resolve) => setImmediate(resolve));
      for (let call = 0; call < 30_000; call++) ends.push(accounts.run('alice', () => call), accounts.flush('alice'), accounts.flush());
      print(accounts.pending);
      saved();
      print((await Promise.all(ends)).length);
      print(accounts.pending);
    `,
      { flags: ['--max-old-space-size=200'] },
    );
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '30001\n90001\n0\n', stderr: '' });
  });

  test('A subscription made in the midst of a batch gets its true start and duration', async () => {
    vi.useFakeTimers({ now: 1_000_000 });
    for (const minDuration of [0, 10]) {
      const { loads, saves, ...store } = heldStore<object>();
      const accounts = startProcessor<object>({ ...store, minDuration, maxDuration: Infinity });
      const start = Date.now();
      const run = watch(accounts.run('alice', noop));
      await settleDown();
      vi.advanceTimersByTime(500);
      const metrics: { batchStart: Date; totalDuration: number }[] = [];
      accounts.subscribeBatchMetrics((metric) => void metrics.push(metric));
      vi.advanceTimersByTime(1_000);
      await loads[0]?.succeed({});
      vi.advanceTimersByTime(2_000);
      await saves[0]?.succeed();
      expect(run.outcome.state).toBe('fulfilled');
      expect(metrics).toMatchObject([{ batchStart: new Date(start), totalDuration: 3_500 }]);
    }
  });

  test('Where there is no WebAssembly, the error says so and does not blame the Content-Security-Policy', async () => {
    const script = `
      const { startProcessor } = await import(${JSON.stringify(`${packageFolder}/dist/esm/index.js`)});
      try {
        startProcessor({});
        console.log('started');
      } catch (error) {
        console.log(error instanceof Error, error.message);
      }
    `;
    const { stdout } = await runNode(['--jitless', '--input-type=module', '--eval', script]);
    expect(stdout).toMatch(/^true .*WebAssembly/);
    expect(stdout).not.toMatch(/Content-Security-Policy|unsafe-eval/);
  });

  test.each(['run', 'update', 'read'] as const)(
    'A query builder that %s returns by mistake is not sent, and its caller gets a TypeError',
    async (method) => {
      const saved: unknown[] = [];
      const accounts = startProcessor<{ count: number }>({
        minDuration: 0,
        loadResource: () => ({ count: 0 }),
        saveResource: (_key, resource) => void saved.push({ ...resource }),
      });
      let sent = 0;
      const builder = { where: () => builder, then: () => void sent++ };
      const { signal } = new AbortController();
      const call = accounts[method].bind(accounts) as typeof accounts.run;
      const outcomes = await allAtRest([
        call('alice', (() => builder) as never),
        accounts.run('alice', (counter) => ++counter.count),
        call('alice', (() => builder) as never, { signal }),
        call('alice', (() => Object.assign(() => throwIt('called'), builder)) as never),
        accounts.run('alice', (counter) => ++counter.count),
      ]);
      const refused = { reason: expect.any(TypeError) };
      expect(outcomes).toMatchObject([refused, fulfilled(1), refused, refused, fulfilled(2)]);
      expect(sent).toBe(0);
      expect(saved).toEqual([{ count: 2 }]);
    },
  );
});
