import { describe, expect, test } from 'vitest';
import { inChild } from './support.js';

describe('Should the engine itself fail (no memory left to grow into)', () => {
  /** Opens batches until a run is rejected, in a process whose WebAssembly memories may not grow beyond a few pages. */
  const exhausted = `
    const accounts = startProcessor({ minDuration: 60_000, loadResource: () => new Promise(() => {}) });
    const other = startProcessor({ minDuration: 60_000 });
    const outcomes = [];
    const settle = (promise) => promise.then(() => 'fulfilled', (error) => {
      if (!(error instanceof groupcommit.EngineError)) return 'another error: ' + error;
      return [error.name, error.code, error instanceof Error, error.message !== '', 'cause' in error].join(' ');
    });
    let failed = false;
    other.run('alice', () => {}).then(() => {}, () => {});
    const flushed = accounts.flush('nobody');
    for (let key = 0; !failed && key < 1_000_000; key++) {
      outcomes.push(settle(accounts.run('key ' + key, () => {})));
      outcomes.at(-1).then(() => { failed = true });
      if (key % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const count = (values) => print([...new Set(values)].join(', '));
  `;
  const error = 'EngineError ERR_ENGINE_FAILED true true true';

  test.each([
    [
      'every run that is pending rejects with an EngineError',
      'count(await Promise.all(outcomes)); print(accounts.pending)',
      `${error}\n0\n`,
    ],
    [
      'flush and stop settle',
      "await flushed; await Promise.allSettled([accounts.flush(), accounts.flush('key 1'), accounts.stop(), other.stop()]); print('settled')",
      'settled\n',
    ],
    [
      'so does everything later',
      "count([await settle(accounts.run('late', () => {})), await settle(accounts.read('key 1', () => {}))])",
      `${error}\n`,
    ],
  ])('%s', async (_, look, expected) => {
    // biome-ignore format: a row a line
    const { code, stdout, stderr } = await inChild(`${exhausted}${look}; process.exit(0)`, {
      flags: ['--wasm-max-mem-pages=20'],
    });
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: expected, stderr: '' });
  });
});
