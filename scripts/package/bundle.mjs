// Makes dist/: one file for each entry and module format, with the glue and the bytes of the engine; the types; and engine.wasm.

import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { run } from '../setup/run.mjs';
import { packageable } from './glue.mjs';
import { moduleOf } from './inline-bytes.mjs';
import { optimize } from './optimize.mjs';

export const entries = ['index', 'slim', 'indexeddb', 'browser', 'level', 'sqlite', 'postgres', 'redis'];
/** Hosts that have modules only, and compile `engine.wasm` themselves. These entries are a few lines around slim.js. */
const esmEntries = ['workerd', 'edge-light'];
const namesOfEngine = '.names.json';

/** Makes the folder `dist`, which lies in `root`, of what is there. */
export async function bundle(root, dist) {
  await mkdir(join(dist, 'cjs'), { recursive: true });
  const names = await optimize(join(root, 'pkg', 'groupcommit_bg.wasm'), join(dist, 'engine.wasm'));
  await writeFile(join(dist, namesOfEngine), JSON.stringify(names));
  await Promise.all([
    bundleEntries(root, dist, 'esm', [...entries, ...esmEntries]),
    bundleEntries(root, dist, 'cjs', entries),
    declareEntries(root, dist),
    writeFile(join(dist, 'cjs', 'package.json'), '{ "type": "commonjs" }\n'),
  ]);
}

async function bundleEntries(root, dist, format, names) {
  const outdir = join(dist, format);
  const { outputFiles } = await build({ ...bundling(root, dist, names), format, outdir, sourcemap: true });
  await mkdir(outdir, { recursive: true });
  await Promise.all(
    outputFiles.map(({ path, text }) =>
      writeFile(path, path.endsWith('.map') ? withoutShippedSources(text) : text),
    ),
  );
}

/** How entries become bundles, with the engine that is in `dist`. */
export function bundling(root, dist, names) {
  return {
    absWorkingDir: root,
    entryPoints: names.map((name) => `js/${name}.ts`),
    bundle: true,
    platform: 'neutral',
    target: 'es2022',
    legalComments: 'none',
    plugins: [inlineWasm(dist), bindGlue(dist), shareSlim],
    // The glue can fetch its module by import.meta.url; that part is dropped.
    logOverride: { 'empty-import-meta': 'silent' },
    logLevel: 'warning',
    write: false,
  };
}

/** The package has js/, so that "go to definition" ends there; its maps need not repeat it, and nobody reads the engine's bytes. */
function withoutShippedSources(text) {
  const map = JSON.parse(text);
  map.sourcesContent = map.sources.map((source, i) => {
    if (source.startsWith('../../js/')) return null;
    return source.endsWith('.wasm') ? '' : map.sourcesContent[i];
  });
  return JSON.stringify(map);
}

/** The types that the entries reach. They are the same for both formats: the nearest package.json tells which it is. */
async function declareEntries(root, dist) {
  const esm = join(dist, 'esm');
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  await run(process.execPath, [tsc, '-p', root, '--emitDeclarationOnly', '--outDir', esm]);
  const reached = new Set(entries.map((entry) => `${entry}.d.ts`));
  for (const file of reached) {
    const text = await readFile(join(esm, file), 'utf8');
    for (const [, path] of text.matchAll(/(?:from|import\()\s*['"](\.[^'"]+)\.js['"]/g))
      reached.add(join(dirname(file), `${path}.d.ts`));
  }
  const declarations = (await readdir(esm, { recursive: true })).filter((file) =>
    /\.d\.ts(\.map)?$/.test(file),
  );
  for (const file of declarations) {
    if (reached.has(file.replace(/\.map$/, ''))) await cp(join(esm, file), join(dist, 'cjs', file));
    else await rm(join(esm, file));
  }
}

/** `pkg/groupcommit.js`, which names the imports and exports of `dist/engine.wasm`. */
const bindGlue = (dist) => ({
  name: 'bind-glue',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]pkg[\\/]groupcommit\.js$/ }, async ({ path }) => {
      const names = JSON.parse(await readFile(join(dist, namesOfEngine), 'utf8'));
      return { contents: await packageable(await readFile(path, 'utf8'), names), loader: 'js' };
    });
  },
});

/** A module `*_bg.wasm` whose default export decodes the file's bytes; `engine.wasm` is the host's to import. */
const inlineWasm = (dist) => ({
  name: 'inline-wasm',
  setup({ onLoad, onResolve }) {
    onLoad({ filter: /_bg\.wasm$/ }, async () => ({
      contents: moduleOf(await readFile(join(dist, 'engine.wasm'))),
      loader: 'js',
    }));
    onResolve({ filter: /\/engine\.wasm(\?module)?$/ }, ({ path }) => ({ path, external: true }));
  },
});

/** What the entries around slim.js import stays there. */
const shareSlim = {
  name: 'share-slim',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/slim\.js$/ }, ({ path }) => ({ path, external: true, sideEffects: false }));
  },
};
