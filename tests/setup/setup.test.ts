import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isInstalled } from '../../scripts/setup/dependencies.mjs';
import { run } from '../../scripts/setup/run.mjs';
import { hasTarget } from '../../scripts/setup/sysroot.mjs';
import { atLeast, lockedVersion } from '../../scripts/setup/versions.mjs';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'groupcommit-setup-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('versions', () => {
  const lock = `[[package]]\nname = "wasm-bindgen-futures"\nversion = "0.4.80"\n\n[[package]]\nname = "wasm-bindgen"\nversion = "0.2.130"\n`;

  test('a package is found in Cargo.lock by its whole name', () => {
    expect(lockedVersion(lock, 'wasm-bindgen')).toBe('0.2.130');
    expect(() => lockedVersion(lock, 'wasm')).toThrow('names no package wasm');
  });

  test.each([
    ['0.15.1', '0.15.1', true],
    ['0.15.10', '0.15.9', true],
    ['1.95.0', '1.85', true],
    ['1.63.0', '1.85', false],
  ])('%s is at least %s: %s', (version, least, expected) => {
    expect(atLeast(version, least)).toBe(expected);
  });
});

describe('npm packages', () => {
  const wanted = {
    '': { version: '1.0.0' },
    'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' },
    'node_modules/b': { version: '2.0.0', integrity: 'sha512-b', optional: true },
  };
  const { 'node_modules/a': a, 'node_modules/b': b } = wanted;

  test('are installed when each is there in its version; those for other platforms may be missing', () => {
    expect(isInstalled(wanted, { 'node_modules/a': a, 'node_modules/b': b })).toBe(true);
    expect(isInstalled(wanted, { 'node_modules/a': a })).toBe(true);
  });

  test('are not installed when one is missing, another version, another content, or too many', () => {
    expect(isInstalled(wanted, { 'node_modules/b': b })).toBe(false);
    expect(isInstalled(wanted, { 'node_modules/a': { ...a, version: '1.0.1' } })).toBe(false);
    expect(isInstalled(wanted, { 'node_modules/a': { ...a, integrity: 'sha512-c' } })).toBe(false);
    expect(isInstalled(wanted, { 'node_modules/a': a, 'node_modules/c': a })).toBe(false);
  });
});

describe('a compiler', () => {
  test('has the target when the standard library is in its sysroot', async () => {
    const sysroot = join(folder, 'plain');
    const library = join(sysroot, 'lib/rustlib/wasm32-unknown-unknown/lib');
    await mkdir(library, { recursive: true });
    expect(hasTarget(sysroot)).toBe(false);
    await writeFile(join(library, 'libstd-0123.rlib'), '');
    expect(hasTarget(sysroot)).toBe(true);
  });

  test("of rustup's has the target when the component is complete", async () => {
    const sysroot = join(folder, 'rustup');
    const rustlib = join(sysroot, 'lib/rustlib');
    await mkdir(join(rustlib, 'wasm32-unknown-unknown/lib'), { recursive: true });
    await writeFile(join(rustlib, 'wasm32-unknown-unknown/lib/libstd-0123.rlib'), '');
    await writeFile(join(rustlib, 'multirust-channel-manifest.toml'), '');
    expect(hasTarget(sysroot)).toBe(false);
    await writeFile(join(rustlib, 'manifest-rust-std-wasm32-unknown-unknown'), '');
    expect(hasTarget(sysroot)).toBe(true);
  });
});

describe('a command', () => {
  test('that fails says so with its last lines', async () => {
    await expect(run('sh', ['-c', 'seq 100; exit 3'])).rejects.toThrow(/exit code 3\n86\n(.*\n)*100$/);
    await expect(run('/no/such/command', [])).rejects.toThrow('ENOENT');
  });

  test('that takes too long is ended together with its children', async () => {
    // The child in the background holds the output open: as long as it lives, the command has not ended.
    const overdue = run('sh', ['-c', 'sleep 600 & wait'], { limit: 200 });
    await expect(overdue).rejects.toThrow('no result within 0.2 s');
  });
});

describe('the cache', () => {
  const script = (name: string) =>
    JSON.stringify(new URL(`../../scripts/setup/${name}.mjs`, import.meta.url));

  /** Fills the folder `tool` of a cache in a process of its own, as another clone would. */
  function fill(cache: string, work: string): Promise<{ code: number | null; output: string }> {
    const program = `
      import { existsSync } from 'node:fs';
      import { writeFile } from 'node:fs/promises';
      import { setTimeout as sleep } from 'node:timers/promises';
      import { guarded } from ${script('failure')};
      import { cached } from ${script('cache')};
      const folder = await guarded(() => cached('tool', {
        works: async (folder) => existsSync(folder + '/file'),
        fill: async (growing) => {
          await writeFile(growing + '/file', 'content');
          ${work}
          console.log('filled');
        },
      }, () => {}));
      console.log(folder);`;
    const env = { ...process.env, GROUPCOMMIT_CACHE: cache };
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
    return new Promise((resolve) => child.on('close', (code) => resolve({ code, output })));
  }

  const content = async (cache: string) =>
    (await readdir(cache, { recursive: true })).filter((name) => name.includes('/')).sort();
  const platform = `${process.platform}-${process.arch}`;

  test('is filled once when two set-ups want the same at once', async () => {
    const cache = join(folder, 'twice');
    const [one, other] = await Promise.all([
      fill(cache, 'await sleep(300);'),
      fill(cache, 'await sleep(300);'),
    ]);
    expect((one.output + other.output).match(/filled/g)).toHaveLength(1);
    expect(await content(cache)).toEqual([`${platform}/tool`, `${platform}/tool/file`]);
  });

  test('keeps nothing of what failed', async () => {
    const cache = join(folder, 'failed');
    expect((await fill(cache, 'throw new Error("no");')).code).toBe(1);
    expect(await content(cache)).toEqual([]);
  });

  test.each([
    ['has been silent for a while', 0],
    ['is of a time to come, since the clock was set back', Date.now() / 1_000 + 3_600],
  ])('loses what a killed set-up left, once its lock %s', async (_, touched) => {
    const cache = join(folder, `killed-${touched}`);
    await fill(cache, 'process.kill(process.pid, "SIGKILL");');
    expect(await content(cache)).toHaveLength(3);
    await utimes(join(cache, platform, 'tool.lock'), touched, touched);
    await fill(cache, '');
    expect(await content(cache)).toEqual([`${platform}/tool`, `${platform}/tool/file`]);
  });
});
