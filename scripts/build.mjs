// Builds pkg/, the engine, by wasm-pack, and dist/, the package's files, if a source of theirs has changed.

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inThisClone, locked } from './setup/cache.mjs';
import { explained, guarded } from './setup/failure.mjs';
import { step } from './setup/progress.mjs';
import { root } from './setup/root.mjs';
import { run } from './setup/run.mjs';
import { target } from './setup/sysroot.mjs';
import { ensureToolchain } from './setup.mjs';

const sources = [
  'Cargo.toml',
  'Cargo.lock',
  'src',
  'js',
  'package-lock.json',
  'tsconfig.json',
  'scripts/build.mjs',
  'scripts/package',
];

/** Builds what is not up to date, and returns the environment of the wasm tools. Ends the process with a message when it cannot. */
export function ensureBuilt() {
  return guarded(async () => {
    const env = { ...ownSettings, ...(await ensureToolchain()) };
    const hash = await hashOfSources();
    if (!(await isBuilt(hash))) {
      await explained('the package could not be built', undefined, () =>
        step('build', 'the engine into pkg/, and the package into dist/', (report) =>
          locked(inThisClone('build'), report, async () => {
            if (!(await isBuilt(hash))) await build(hash, env, report);
          }),
        ),
      );
    }
    return { ...env, ...(await flags()) };
  });
}

const dist = join(root, 'dist');
const stamp = '.sources';
const isBuilt = async (hash) => (await readFile(join(dist, stamp), 'utf8').catch(() => '')) === hash;

/** Nobody sees half a package: it grows in another folder, which is renamed. */
async function build(hash, env, report) {
  const cargo = (command, ...args) =>
    run('cargo', [command, '--locked', '--target', target, ...args], { cwd: root, env, report });
  await cargo('fetch');
  // Cargo goes by the dates of files, and one that has changed may have an old one.
  await cargo('clean', '--offline', '--profile', 'published', '--package', 'groupcommit');
  const options = ['--target', 'web', '--profile', 'published', '--mode', 'no-install', '--', '--locked'];
  await run('wasm-pack', ['build', ...options], { cwd: root, env: { ...env, ...(await flags()) }, report });

  report('esbuild and tsc');
  const growing = join(root, 'dist.part');
  await rm(growing, { recursive: true, force: true });
  const { bundle } = await import('./package/bundle.mjs');
  await bundle(root, growing);
  await writeFile(join(growing, stamp), hash);
  await rm(dist, { recursive: true, force: true });
  await rename(growing, dist);
}

/** The same sources give the same bytes, whatever the user has Cargo do elsewhere. */
const ownSettings = { RUSTFLAGS: undefined, CARGO_BUILD_TARGET: undefined, CARGO_INCREMENTAL: '0' };

/** What takes precedence over all other flags, and unlike these may contain spaces. */
async function flags() {
  return { CARGO_ENCODED_RUSTFLAGS: [...lessInlining, ...(await withoutPaths())].join('\x1f') };
}

/** What the compiler inlines at its second level of optimization, instead of its third: 0.35 KB less, and no slower. */
const lessInlining = ['-Cllvm-args=--inline-threshold=225'];

/** Compiler flags for the same bytes from the same sources, in whatever folder and from whatever registry: panics name source files. */
async function withoutPaths() {
  const registry = join(process.env.CARGO_HOME || join(homedir(), '.cargo'), 'registry', 'src');
  const crates = existsSync(registry) ? await readdir(registry) : [];
  const names = [[root, 'groupcommit/'], ...crates.map((folder) => [join(registry, folder), 'crates'])];
  return names.map(([path, name]) => `--remap-path-prefix=${path}=${name}`);
}

async function hashOfSources() {
  const hash = createHash('sha256');
  for (const source of sources) {
    for (const file of await filesOf(join(root, source)))
      hash.update(`${file.slice(root.length)}\0`).update(await readFile(file));
  }
  return hash.digest('hex');
}

async function filesOf(path) {
  if ((await stat(path)).isFile()) return [path];
  const entries = await readdir(path, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => join(entry.parentPath, entry.name)).sort();
}

if (process.argv[1] && (await realpath(process.argv[1])) === fileURLToPath(import.meta.url))
  await ensureBuilt();
