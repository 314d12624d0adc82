// Builds pkg/, the engine, by wasm-pack, and dist/, the package's files, if a source of theirs has changed.

import { createHash } from 'node:crypto';
import { readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { step } from './setup/progress.mjs';
import { root } from './setup/root.mjs';
import { run } from './setup/run.mjs';
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
const stamp = join(root, 'dist', '.sources');

/** Builds what is not up to date, and returns the environment of the wasm tools. */
export async function ensureBuilt() {
  const env = await ensureToolchain();
  const hash = await hashOfSources();
  const isBuilt = (await readFile(stamp, 'utf8').catch(() => '')) === hash;
  if (!isBuilt)
    await run('cargo', ['fetch', '--locked', '--target', 'wasm32-unknown-unknown'], { cwd: root, env });
  env.CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS = [...lessInlining, ...(await withoutPaths())].join(' ');
  if (isBuilt) return env;

  await step('wasm-pack', 'the engine, into pkg/', (report) =>
    run('wasm-pack', ['build', '--target', 'web', '--release', '--mode', 'no-install', '--', '--locked'], {
      cwd: root,
      env,
      report,
    }),
  );
  await step('esbuild and tsc', 'the package, into dist/', async () => {
    await rm(join(root, 'dist'), { recursive: true, force: true });
    const { bundle } = await import('./package/bundle.mjs');
    await bundle(root);
  });
  await writeFile(stamp, hash);
  return env;
}

/** What the compiler inlines at its second level of optimization, instead of its third: 0.35 KB less, and no slower. */
const lessInlining = ['-Cllvm-args=--inline-threshold=225'];

/** Compiler flags for the same bytes from the same sources, in whatever folder and from whatever registry: panics name source files. */
async function withoutPaths() {
  const registry = join(process.env.CARGO_HOME ?? join(homedir(), '.cargo'), 'registry', 'src');
  const crates = await readdir(registry);
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
  const entries = await readdir(path, { withFileTypes: true, recursive: true }).catch((error) => {
    if (error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  if (!entries) return [path];
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

if (process.argv[1] && (await realpath(process.argv[1])) === fileURLToPath(import.meta.url))
  await ensureBuilt();
