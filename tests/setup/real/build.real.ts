import { appendFile, mkdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { built, cargoHome, clone, emptyFolder, repository, run } from './clone.js';

let folder: string;
beforeEach(async () => {
  folder = await emptyFolder();
});
afterEach(() => rm(folder, { recursive: true }));

const build = (root: string, env = {}) => run(root, 'npm', ['run', 'build'], env);

describe('the package has the same bytes when it is built', () => {
  test('in a folder with spaces in its path, with such a CARGO_HOME, twice at once', async () => {
    const root = join(folder, 'a clone of mine');
    await clone(root);
    const home = join(folder, 'my cargo');
    await mkdir(home);
    await symlink(join(cargoHome, 'registry'), join(home, 'registry'));
    const [one, two] = await Promise.all([
      build(root, { CARGO_HOME: home }),
      build(root, { CARGO_HOME: home }),
    ]);
    expect([one.code, two.code], one.output + two.output).toEqual([0, 0]);
    expect(await built(root)).toEqual(await built(repository));
  });

  test("with flags and a target of the user's, in variables and in Cargo's configuration", async () => {
    const root = join(folder, 'clone');
    await clone(root);
    await mkdir(join(folder, '.cargo'));
    const config = `
      [build]
      target = "wasm32-unknown-unknown"
      rustflags = ["-Copt-level=1"]
      incremental = true
      target-dir = "elsewhere"
      [profile.release]
      opt-level = 1
      debug-assertions = true`;
    await writeFile(join(folder, '.cargo/config.toml'), config);
    const theirs = {
      RUSTFLAGS: '-Copt-level=0',
      CARGO_BUILD_TARGET: 'x86_64-unknown-none',
      CARGO_PROFILE_RELEASE_LTO: 'off',
      CARGO_INCREMENTAL: '1',
    };
    const { code, output } = await build(root, theirs);
    expect(code, output).toBe(0);
    expect(await built(root)).toEqual(await built(repository));
  });

  test('in a Cargo workspace and an npm workspace, with npm packages of its own', async () => {
    await writeFile(join(folder, 'Cargo.toml'), '[workspace]\nmembers = ["*"]\n');
    await writeFile(join(folder, 'package.json'), '{ "private": true, "workspaces": ["*"] }');
    const root = join(folder, 'clone');
    await clone(root, { isInstalled: false });
    const { code, output } = await build(root);
    expect(code, output).toBe(0);
    expect(await built(root)).toEqual(await built(repository));
  });
});

test('a source is built that has changed and has an old date', async () => {
  const root = join(folder, 'clone');
  await clone(root);
  const first = await build(root);
  expect(first.code, first.output).toBe(0);
  const source = join(root, 'src/lib.rs');
  const added = '#[cfg(target_arch = "wasm32")]\n#[wasm_bindgen::prelude::wasm_bindgen]\npub fn added() {}\n';
  await appendFile(source, added);
  await utimes(source, 0, 0);
  const second = await build(root);
  expect(second.code, second.output).toBe(0);
  expect(await readFile(join(root, 'pkg/groupcommit.d.ts'), 'utf8')).toContain('added()');
});

test('the tests of the engine run natively, whatever `build.target` says', async () => {
  const root = join(folder, 'clone');
  await clone(root);
  await mkdir(join(folder, '.cargo'));
  await writeFile(join(folder, '.cargo/config.toml'), '[build]\ntarget = "wasm32-unknown-unknown"\n');
  const { code, output } = await run(root, 'npm', ['test', '--', 'engine']);
  expect(output).toMatch(/test result: ok/);
  expect(code).toBe(0);
});
