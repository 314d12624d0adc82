import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ended, Place } from './place.js';

let place: Place;
afterEach(() => place.remove());

/** RUSTFLAGS, CARGO_BUILD_TARGET, the flags of the wasm build and CARGO_INCREMENTAL, as wasm-pack got them. */
async function buildEnvironment(): Promise<string[]> {
  const [call] = await place.calls('wasm-pack build');
  return /\[(.*)\]$/.exec(call as string)?.[1]?.split('|') as string[];
}

describe('the engine is built', () => {
  test('in a folder with spaces in its path, and with such a CARGO_HOME', async () => {
    place = await Place.make('a clone of mine');
    const registry = 'my cargo/registry/src/registry-1';
    await mkdir(join(place.folder, registry), { recursive: true });
    const env = { CARGO_HOME: join(place.folder, 'my cargo') };
    expect((await place.run(['scripts/build.mjs'], env)).code).toBe(0);
    const [, , flags] = await buildEnvironment();
    expect(flags?.split('\x1f')).toEqual([
      expect.stringMatching(/^-C/),
      `--remap-path-prefix=${place.root}/=groupcommit/`,
      `--remap-path-prefix=${join(place.folder, registry)}=crates`,
    ]);
  });

  test("without the user's flags, whatever variables give them", async () => {
    place = await Place.make();
    const theirs = {
      RUSTFLAGS: '-Copt-level=0',
      CARGO_BUILD_TARGET: 'x',
      CARGO_ENCODED_RUSTFLAGS: '-Copt-level=1',
      CARGO_INCREMENTAL: '1',
    };
    expect((await place.run(['scripts/build.mjs'], theirs)).code).toBe(0);
    const [rustFlags, target, flags, incremental] = await buildEnvironment();
    expect([rustFlags, target, incremental]).toEqual(['', '', '0']);
    expect(flags).not.toContain('opt-level');
  });

  test("by tools that are compiled without the user's flags: those may be for wasm", async () => {
    place = await Place.make();
    await place.tool('cargo', `echo "the flags are [\${CARGO_ENCODED_RUSTFLAGS-of the user}]"; exit 1`);
    const { output } = await place.run(['scripts/setup.mjs'], { RUSTFLAGS: '-Clink-arg=--stack-first' });
    expect(output).toContain('the flags are []');
  });

  test('for wasm, and tested and linted natively for this machine, whatever `build.target` says', async () => {
    place = await Place.make();
    await place.run(['scripts/test.mjs', 'engine', 'style'], { CARGO_BUILD_TARGET: 'x' });
    const calls = await place.calls('cargo');
    expect(calls).toContain('cargo test --locked --target this-machine');
    expect(calls).toContain('cargo clippy --locked --all-targets --target this-machine -- -D warnings');
    expect(calls.filter((call) => call.startsWith('cargo install'))).toEqual([
      expect.stringContaining('--target this-machine'),
      expect.stringContaining('--target this-machine'),
    ]);
  });
});

describe('two builds at once in one clone', () => {
  beforeEach(async () => {
    place = await Place.make();
  });

  const script = `
    import { existsSync } from 'node:fs';
    process.exitCode = existsSync('dist/index.js') ? 0 : 9;`;

  test('are one: the second waits, and finds what the first has made', async () => {
    await writeFile(join(place.root, 'script.mjs'), script);
    const run = () => place.run(['scripts/run.mjs', 'script.mjs'], { BUNDLE_DELAY: '2000' });
    const codes = (await Promise.all([run(), run()])).map(({ code }) => code);
    expect(codes).toEqual([0, 0]);
    expect(await place.calls('wasm-pack build')).toHaveLength(1);
  });

  test('leave nothing but the package, and the old one stays until the new one is whole', async () => {
    await place.run(['scripts/build.mjs']);
    await writeFile(join(place.root, 'dist/old.js'), '');
    await writeFile(join(place.root, 'src/lib.rs'), '// changed');
    await writeFile(join(place.root, 'scripts/package/bundle.mjs'), 'throw new Error("no bundle")');
    expect((await place.run(['scripts/build.mjs'])).code).toBe(1);
    expect(existsSync(join(place.root, 'dist/old.js'))).toBe(true);

    await rm(join(place.root, 'scripts/package/bundle.mjs'));
    await writeFile(
      join(place.root, 'scripts/package/bundle.mjs'),
      `import { mkdir } from 'node:fs/promises'; export const bundle = (root, dist) => mkdir(dist);`,
    );
    expect((await place.run(['scripts/build.mjs'])).code).toBe(0);
    expect(await readdir(join(place.root, 'dist'))).toEqual(['.sources']);
    expect(existsSync(join(place.root, 'dist.part'))).toBe(false);
  });
});

describe('a script that is run', () => {
  const waits = `
    import { writeFileSync } from 'node:fs';
    writeFileSync('pid', String(process.pid));
    setInterval(() => {}, 1000);`;

  test.each<[NodeJS.Signals, number]>([
    ['SIGHUP', 129],
    ['SIGTERM', 143],
  ])('ends when its runner gets %s', async (signal, code) => {
    place = await Place.make();
    await writeFile(join(place.root, 'script.mjs'), waits);
    const runner = place.start(['scripts/run.mjs', 'script.mjs']);
    const end = ended(runner);
    while (!existsSync(join(place.root, 'pid'))) await sleep(20);
    runner.kill(signal);
    expect((await end).code).toBe(code);
    // Both have closed the output that they share: the script has ended too.
  });

  test('ends as a level of the tests, and is the last of them', async () => {
    place = await Place.make();
    await place.run(['scripts/build.mjs']);
    await place.tool('cargo', '[ "$1" = test ] || exit 0; touch pid; exec sleep 600');
    const tests = place.start(['scripts/test.mjs', 'engine', 'wasm']);
    const end = ended(tests);
    while (!existsSync(join(place.root, 'pid'))) await sleep(20);
    tests.kill('SIGTERM');
    expect((await end).code).toBe(143);
    expect(await place.calls('wasm-pack test')).toEqual([]);
  });
});
