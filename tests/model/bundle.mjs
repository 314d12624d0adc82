// The fuzzer as one file, together with the package under test, or with one that has been changed on purpose.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { bundling } from '../../scripts/package/bundle.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
export const packageFolder = process.env.GROUPCOMMIT_UNDER_TEST ?? root;

/** Bundles the child process of the fuzzer into `folder`; returns its path. */
export async function bundleWorker(folder, patch) {
  const groupcommit = patch
    ? join(await patchedPackage(folder, patch, ['index', 'slim']), 'index.js')
    : join(packageFolder, 'dist', 'esm', 'index.js');
  return bundleFile('worker.ts', join(folder, patch ? 'patched' : 'whole'), { groupcommit });
}

/** The list of mutants, for the parent process. */
export async function importMutants(folder) {
  return (await import(await bundleFile('mutants/index.ts', folder, {}))).mutants;
}

async function bundleFile(name, folder, alias) {
  const outfile = join(folder, name.replace('/', '-').replace('.ts', '.mjs'));
  await build({
    entryPoints: [fileURLToPath(new URL(name, import.meta.url))],
    bundle: true,
    platform: 'node',
    format: 'esm',
    alias,
    outfile,
    logLevel: 'warning',
  });
  return outfile;
}

/** Makes entries of the package, with texts of its sources replaced; returns the folder that they are in. */
export async function patchedPackage(folder, patches, entries) {
  const contents = new Map();
  for (const { file, find, replace } of [patches].flat()) {
    const path = join(root, 'js', file);
    const original = contents.get(path) ?? (await readFile(path, 'utf8'));
    if (original.split(find).length !== 2) throw new Error(`In js/${file} there is not exactly one ${find}`);
    contents.set(
      path,
      original.replace(find, () => replace),
    );
  }
  const patch = {
    name: 'patch',
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, ({ path }) =>
        contents.has(path) ? { contents: contents.get(path), loader: 'ts' } : undefined,
      );
    },
  };
  const options = bundling(root, join(root, 'dist'), entries);
  const outdir = join(folder, 'patched');
  await build({ ...options, plugins: [patch, ...options.plugins], format: 'esm', outdir, write: true });
  return outdir;
}
