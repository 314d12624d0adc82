import { describe, expect, test } from 'vitest';
import { packageFolder, runNode } from '../node/support.js';

/** What a script prints that has the functions of `groupcommit/slim`, and the bytes of the engine. */
async function printed(script: string): Promise<string> {
  const prologue = `
    import { readFileSync } from 'node:fs';
    import * as slim from ${JSON.stringify(`${packageFolder}/dist/esm/slim.js`)};
    const bytes = readFileSync(${JSON.stringify(`${packageFolder}/dist/engine.wasm`)});
    const message = (error) => error.message;
  `;
  const { stdout } = await runNode(['--input-type=module', '--eval', prologue + script], { timeout: 25_000 });
  return stdout.trim();
}

describe('initializeAsync', () => {
  test('initializes like initialize, from bytes or a module', async () => {
    for (const engine of ['bytes', 'await WebAssembly.compile(bytes)']) {
      const run = `await slim.startProcessor({ minDuration: 0 }).run('alice', () => 'ran')`;
      expect(await printed(`await slim.initializeAsync(${engine}); console.log(${run})`)).toBe('ran');
    }
  });

  test('compiles nothing when the engine is there', async () => {
    const script = `
      slim.initialize(bytes);
      WebAssembly.compile = WebAssembly.instantiate = () => console.log('compiled');
      await slim.initializeAsync(bytes);
      console.log('done');
    `;
    expect(await printed(script)).toBe('done');
  });

  test('rejects like initialize throws, where a policy forbids to compile', async () => {
    const script = `
      const forbid = () => { throw new WebAssembly.CompileError('forbidden') };
      WebAssembly.Module = class { constructor() { forbid() } };
      WebAssembly.compile = async () => forbid();
      let thrown;
      try { slim.initialize(bytes) } catch (error) { thrown = message(error) }
      const rejected = await slim.initializeAsync(bytes).catch(message);
      console.log(thrown === rejected, rejected);
    `;
    expect(await printed(script)).toMatch(/^true .*'wasm-unsafe-eval' is missing/);
  });
});
