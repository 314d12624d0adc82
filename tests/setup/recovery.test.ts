import { once } from 'node:events';
import { chmod, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Place } from './place.js';

let place: Place;
beforeEach(async () => {
  place = await Place.make();
});
afterEach(() => place.remove());

const platform = `${process.platform}-${process.arch}`;
const inCache = (name: string) => join(place.folder, 'cache', platform, name);

describe('two clones with one cache that are set up at once', () => {
  test('ask rustup once for the target', async () => {
    await place.removeTarget();
    await place.tool(
      'rustup',
      'sleep 2; touch "$SYSROOT/lib/rustlib/manifest-rust-std-wasm32-unknown-unknown"',
    );
    const other = await place.another('other');
    const [one, two] = await Promise.all([
      place.run(['scripts/setup.mjs']),
      other.run(['scripts/setup.mjs']),
    ]);
    expect([one.code, two.code]).toEqual([0, 0]);
    expect(await place.calls('rustup')).toEqual(['rustup target add wasm32-unknown-unknown']);
  });
});

test('A set-up whose output nobody reads any more ends what it has begun, as if its terminal were closed', async () => {
  const program = `
    import { locked } from './scripts/setup/cache.mjs';
    import { guarded } from './scripts/setup/failure.mjs';
    import { print } from './scripts/setup/progress.mjs';
    import { run } from './scripts/setup/run.mjs';
    await guarded(() => locked('sleep', () => {}, () => {
      print('sleeps');
      return run('sleep', ['600']);
    }));`;
  await writeFile(join(place.root, 'sleep.mjs'), program);
  const setup = place.start(['sleep.mjs']);
  setup.stderr?.destroy();
  expect(await once(setup, 'exit')).toEqual([129, null]);
  expect(await readdir(inCache(''))).toEqual([]);
});

describe('a tool in the cache is made again that', () => {
  beforeEach(async () => {
    await place.run(['scripts/setup.mjs']);
    await place.calls('');
  });

  const binary = () => inCache('wasm-pack-0.15.1/bin/wasm-pack');
  test.each<[string, () => Promise<unknown>]>([
    ['is missing', () => rm(binary())],
    ['is empty', () => truncate(binary())],
    ['cannot be executed', () => chmod(binary(), 0o644)],
    ['ends in the middle', () => writeFile(binary(), Buffer.from('\x7fELF\x02\x01\x01', 'latin1'))],
    ['is of another version', () => writeFile(binary(), '#!/bin/sh\necho 0.1.0')],
    ['lies in an empty folder', () => rm(inCache('wasm-pack-0.15.1/bin'), { recursive: true })],
  ])('%s', async (_, spoil) => {
    await spoil();
    expect((await place.run(['scripts/setup.mjs', '--check'])).output).toContain(
      '✗ wasm-pack 0.15.1: missing',
    );
    const { code, output } = await place.run(['scripts/setup.mjs']);
    expect(output).toContain(`✓ wasm-pack 0.15.1: ${inCache('wasm-pack-0.15.1/bin')}`);
    expect(code).toBe(0);
    expect(await place.calls('cargo install')).toHaveLength(1);
  });

  test('is the second of a crate', async () => {
    await truncate(inCache('wasm-bindgen-cli-0.2.130/bin/wasm-bindgen-test-runner'));
    expect((await place.run(['scripts/setup.mjs'])).code).toBe(0);
    expect(await place.calls('cargo install')).toHaveLength(1);
  });

  test('and no other', async () => {
    expect((await place.run(['scripts/setup.mjs'])).code).toBe(0);
    expect(await place.calls('cargo install')).toEqual([]);
  });
});

describe('npm packages are installed again when', () => {
  const inModules = (name: string) => join(place.root, 'node_modules', name);
  beforeEach(async () => {
    await place.run(['scripts/setup.mjs']);
    await place.calls('');
  });

  test.each<[string, () => Promise<unknown>]>([
    ['their record ends in the middle', () => truncate(inModules('.package-lock.json'), 10)],
    ['their record is empty', () => truncate(inModules('.package-lock.json'))],
    ['one has been removed', () => rm(inModules('a'), { recursive: true })],
    ['all have been removed', () => rm(inModules(''), { recursive: true })],
  ])('%s', async (_, spoil) => {
    await spoil();
    expect((await place.run(['scripts/setup.mjs'])).code).toBe(0);
    expect(await place.calls('npm ci')).toEqual([
      expect.stringMatching(/--install-strategy=hoisted --bin-links --prefer-offline/),
    ]);
    expect((await place.run(['scripts/setup.mjs'])).code).toBe(0);
    expect(await place.calls('npm ci')).toEqual([]);
  });
});
