import { cp, mkdir, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { clone, emptyFolder, repository, run, unshare } from './clone.js';

let folder: string;
beforeEach(async () => {
  folder = await emptyFolder();
});
afterEach(() => rm(folder, { recursive: true }));

describe('Node', () => {
  test.each(['18.20.8', '20.9.0', '20.18.3'])('%s is refused in one message', async (version) => {
    const { code, output } = await run(repository, 'npx', [
      '--yes',
      '--package',
      `node@${version}`,
      'npm',
      'start',
    ]);
    expect(output).toContain(`set-up: Node ${version} is too old: 20.19 is needed`);
    expect(output).toContain('npx --yes --package node@22 npm run start');
    expect(output).not.toMatch(/^\s+at /m);
    expect(code).toBe(1);
  });

  test.each(['22', '20.19.0'])('%s will do', async (version) => {
    const command = ['--yes', '--package', `node@${version}`, 'npm', 'run', 'start', '--', '--help'];
    const { code, output } = await run(repository, 'npx', command);
    expect(output).toContain('Exit code: 0 when every database holds');
    expect(code).toBe(0);
  });
});

describe('Rust', () => {
  test('a toolchain that is not there is refused with a command that helps, whatever names it', async () => {
    const root = join(folder, 'clone');
    await clone(root);
    await writeFile(join(folder, 'rust-toolchain.toml'), '[toolchain]\nchannel = "no-such-toolchain"\n');
    const setup = (env = {}) => run(root, 'npm', ['run', 'setup'], env);
    for (const env of [{}, { RUSTUP_TOOLCHAIN: 'no-such-toolchain' }]) {
      const { code, output } = await setup(env);
      expect(code).toBe(1);
      expect(output).toMatch(/Rust is there but does not start\n.*no-such-toolchain/s);
      const [, toolchain] = /export RUSTUP_TOOLCHAIN=(\S+)/.exec(output) ?? [];
      expect((await setup({ RUSTUP_TOOLCHAIN: toolchain as string })).output).toContain('✓ npm packages');
    }
  });

  test('two clones that lack the target get it, at once, from one rustup', async () => {
    const env = { RUSTUP_HOME: join(folder, 'rustup'), RUSTUP_TOOLCHAIN: 'stable' };
    const toolchain = ['toolchain', 'install', 'stable', '--profile', 'minimal', '--no-self-update'];
    const installed = await run(folder, 'rustup', toolchain, env);
    expect(installed.code, installed.output).toBe(0);
    const roots = ['one', 'other'].map((name) => join(folder, name));
    for (const root of roots) await clone(root);
    const both = await Promise.all(roots.map((root) => run(root, 'npm', ['run', 'setup'], env)));
    for (const { code, output } of both) expect(code, output).toBe(0);
    expect(both.map(({ output }) => output).join('')).toMatch(/✓ rustup target add/);
  });

  test('a tool in the cache that is cut off is missing, although it is there', async () => {
    const checked = await run(repository, 'npm', ['run', 'setup', '--', '--check']);
    const bin = /✓ wasm-pack \S+ (.+)/.exec(checked.output)?.[1] as string;
    const cached = join(folder, `${process.platform}-${process.arch}`, 'wasm-pack-0.15.1', 'bin');
    await mkdir(dirname(cached), { recursive: true });
    await cp(bin, cached, { recursive: true });
    const check = () =>
      run(repository, process.execPath, ['scripts/setup.mjs', '--check'], { GROUPCOMMIT_CACHE: folder });
    expect((await check()).output).toMatch(/✓ wasm-pack/);
    const { size } = await stat(join(cached, 'wasm-pack'));
    for (const rest of [size - 1_000, size / 2, 4_096, 100, 0].map(Math.floor)) {
      await truncate(join(cached, 'wasm-pack'), rest);
      expect((await check()).output).toMatch(rest === size - 1_000 ? /wasm-pack/ : /✗ wasm-pack .*: missing/);
    }
  });
});

const apart = unshare('--mount');
describe.skipIf(!apart)('on file systems of its own (needs `unshare --mount`)', () => {
  /** Runs a command where `folder` is a file system with these options, after it has been filled with what a script makes. */
  const onFileSystem = (options: string, script: string, env = {}) => {
    const [command, ...args] = apart as [string, ...string[]];
    return run(
      repository,
      command,
      [...args, 'sh', '-ec', `mount -t tmpfs -o '${options}' tmpfs '${folder}'\n${script}`],
      env,
    );
  };

  test.each([
    ['that is read-only', 'size=1m', 'mount -o remount,ro "$GROUPCOMMIT_CACHE"'],
    ['that has no inodes left', 'nr_inodes=2', 'touch "$GROUPCOMMIT_CACHE/file"'],
  ])('a cache %s is refused in one message', async (_, options, script) => {
    const setup = `${script}\nexec node scripts/setup.mjs`;
    const { code, output } = await onFileSystem(options, setup, { GROUPCOMMIT_CACHE: folder });
    expect(output).toMatch(/the folder for the tools, .*, cannot be written\n/);
    expect(output).toContain('export GROUPCOMMIT_CACHE=$(mktemp -d)');
    expect(output).not.toMatch(/^\s+at /m);
    expect(code).toBe(1);
  });

  test('a folder for --database that is read-only is refused in one message', async () => {
    const { code, output } = await onFileSystem(
      'size=1m',
      `mount -o remount,ro '${folder}'\nexec npm start -- --database '${folder}'`,
    );
    expect(output).toMatch(/--database: .* cannot be used as a folder \(EROFS\)/);
    expect(output).not.toMatch(/^\s+at /m);
    expect(code).toBe(2);
  });
});

const offline = unshare('--net');
test.skipIf(!offline)(
  'offline, npm packages that are gone come back from the cache, however npm is configured (needs `unshare --net`)',
  async () => {
    const root = join(folder, 'clone');
    await clone(root, { isInstalled: false });
    const env = {
      npm_config_cache: join(folder, 'npm'),
      npm_config_install_strategy: 'linked',
      npm_config_bin_links: 'false',
    };
    expect((await run(root, 'npm', ['run', 'setup'], env)).code).toBe(0);
    await rm(join(root, 'node_modules'), { recursive: true });
    const [command, ...args] = offline as [string, ...string[]];
    const { code, output } = await run(root, command, [...args, 'npm', 'run', 'setup'], env);
    expect(code, output).toBe(0);
    expect(output).toMatch(/✓ npm ci/);
    expect((await readdir(join(root, 'node_modules'))).length).toBeGreaterThan(100);
  },
);
