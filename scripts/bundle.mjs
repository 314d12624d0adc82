// Makes dist/: one file for each entry and module format, with the glue and the bytes of the engine; the types; and engine.wasm.

import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { moduleOf } from './inline-bytes.mjs';
import { optimize } from './optimize.mjs';
import { renameInGlue, renameInModule, shortNames } from './short-names.mjs';

export const entries = ['index', 'slim', 'indexeddb', 'browser'];
/** Hosts that have modules only, and compile `engine.wasm` themselves. These entries are a few lines around slim.js. */
const esmEntries = ['workerd', 'edge-light'];

export async function bundle(root) {
  const dist = join(root, 'dist');
  await mkdir(join(dist, 'cjs'), { recursive: true });
  const engine = await readFile(join(root, 'pkg', 'groupcommit_bg.wasm'));
  await writeFile(join(dist, 'engine.wasm'), renameInModule(optimize(engine), shortNames(engine)));
  await Promise.all([
    bundleEntries(root, 'esm', [...entries, ...esmEntries]),
    bundleEntries(root, 'cjs', entries),
    declareEntries(root),
    writeFile(join(dist, 'cjs', 'package.json'), '{ "type": "commonjs" }\n'),
  ]);
}

async function bundleEntries(root, format, names) {
  const { outputFiles } = await build({
    ...bundling(root, names),
    format,
    outdir: join('dist', format),
    sourcemap: true,
  });
  await mkdir(join(root, 'dist', format), { recursive: true });
  await Promise.all(
    outputFiles.map(({ path, text }) =>
      writeFile(path, path.endsWith('.map') ? withoutShippedSources(text) : text),
    ),
  );
}

/** How entries become bundles. */
export function bundling(root, names) {
  return {
    absWorkingDir: root,
    entryPoints: names.map((name) => `js/${name}.ts`),
    bundle: true,
    platform: 'neutral',
    target: 'es2022',
    legalComments: 'none',
    plugins: [inlineWasm, quietGlue, shareSlim],
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
async function declareEntries(root) {
  const esm = join(root, 'dist', 'esm');
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  await promisify(execFile)(process.execPath, [
    tsc,
    '-p',
    root,
    '--emitDeclarationOnly',
    '--outDir',
    esm,
  ]).catch(({ stdout }) => {
    throw new Error(stdout);
  });
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
    if (reached.has(file.replace(/\.map$/, ''))) await cp(join(esm, file), join(root, 'dist', 'cjs', file));
    else await rm(join(esm, file));
  }
}

/**
 * The glue, somewhat faster, and without what it does when it is loaded: no bundler could drop that, and jsdom has no TextDecoder, which only errors of the
 * engine's own need. And without its `instanceof`: a module of another realm, as in the sandbox of Vercel's edge, is a module too.
 */
const quietGlue = {
  name: 'quiet-glue',
  setup({ initialOptions, onLoad }) {
    onLoad({ filter: /[\\/]pkg[\\/]groupcommit\.js$/ }, async ({ path }) => {
      const glue = await readFile(path, 'utf8');
      const quietGlue = quieted.reduce(quieten, glue);
      const names = shortNames(await readFile(path.replace('.js', '_bg.wasm')));
      const engine = await readFile(join(initialOptions.absWorkingDir, 'dist', 'engine.wasm'));
      return { contents: withoutUnused(renameInGlue(quietGlue, names), engine), loader: 'js' };
    });
  },
};

/** The glue without what the engine imported before it was optimized, and does not any more. */
function withoutUnused(glue, engine) {
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(engine)).map(({ name }) => name);
  const missing = new Set(imports);
  const used = glue.replace(/^ {8}(\$\w+): function\(.*?^ {8}\}[^\n]*\n/gms, (text, name) => {
    missing.delete(name);
    return imports.includes(name) ? text : '';
  });
  if (missing.size > 0) throw new Error(`In the glue there is no function ${[...missing].join(', ')}`);
  return used;
}

function quieten(glue, [loud, quiet]) {
  if (glue.search(loud) === -1) throw new Error(`wasm-bindgen makes glue in which ${loud} is nowhere`);
  return glue.replace(loud, quiet);
}

const quieted = [
  // The executor's next turn. In Node a reaction to a promise costs a fifth of queueMicrotask, which makes an AsyncResource each time.
  [/queueMicrotask\(arg0\);/, 'settled.then(arg0);'],
  [/arg0\.queueMicrotask;/, 'Promise;'],
  // What crosses as a number is a small one.
  [/(arg\d) >>> 0(?=[,)])/g, '$1'],
  [/^/, 'const settled = /* @__PURE__ */ Promise.resolve();\n'],
  [/^let cachedTextDecoder = .*\ncachedTextDecoder\.decode\(\);$/m, ''],
  [
    /decodeText\(getUint8ArrayMemory0\(\)\.subarray\(ptr, ptr \+ len\)\)/,
    'new TextDecoder().decode(new Uint8Array(wasm.memory.buffer, ptr, len))',
  ],
  [/^ {4}(wasmInstance|wasmModule|cachedUint8ArrayMemory0) = (instance|module|null);$/gm, ''],
  [/^if \(Symbol\.dispose\) .*$/m, ''],
  // The face never frees an engine by hand.
  [/__destroy_into_raw\(\) \{.*?\n {4}\}\n {4}free\(\) \{.*?\n {4}\}/s, ''],
  [/if \(module !== undefined\) \{\s*if \(Object.*?\n {4}\}\n/s, '({ module } = module);'],
  [/(?=new FinalizationRegistry\()/g, '/* @__PURE__ */ '],
  [/if \(!\(module instanceof WebAssembly\.Module\)\) \{.*?\}/s, ''],
];

/** A module `*_bg.wasm` whose default export decodes the file's bytes; `engine.wasm` is the host's to import. */
const inlineWasm = {
  name: 'inline-wasm',
  setup({ initialOptions, onLoad, onResolve }) {
    onLoad({ filter: /_bg\.wasm$/ }, async () => ({
      contents: moduleOf(await readFile(join(initialOptions.absWorkingDir, 'dist', 'engine.wasm'))),
      loader: 'js',
    }));
    onResolve({ filter: /\/engine\.wasm(\?module)?$/ }, ({ path }) => ({ path, external: true }));
  },
};

/** What the entries around slim.js import stays there. */
const shareSlim = {
  name: 'share-slim',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/slim\.js$/ }, ({ path }) => ({ path, external: true, sideEffects: false }));
  },
};
