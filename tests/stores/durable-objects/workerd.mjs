// Workers in Cloudflare's own runtime, by miniflare, which is installed into the cache: with it come 130 MB.

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { locked } from '../packages/locked.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** The folder whose node_modules has miniflare and the types of Workers. */
export const workerdFolder = () =>
  locked(here('.'), 'workerd', 'runs the examples of docs/durable-objects.md');

/** The examples of docs/durable-objects.md, in their order. @returns {Promise<string[]>} */
export async function examples() {
  const page = await readFile(join(root, 'docs', 'durable-objects.md'), 'utf8');
  return [...page.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code);
}

/**
 * Starts a Worker. It may import from 'groupcommit', and the examples as 'example:0', 'example:1', …
 * @param {string} source TypeScript
 * @param {object} options of miniflare
 */
export async function startWorker(source, options) {
  const require = createRequire(join(await workerdFolder(), 'package.json'));
  process.env.WORKERD = createRequire(require.resolve('miniflare'))('workerd').default;
  process.env.MINIFLARE_WORKERD_PATH = here('workerd.sh');
  const { Miniflare } = require('miniflare');
  const all = {
    modules: await modulesOf(source),
    modulesRoot: '/',
    compatibilityDate: '2026-03-01',
    ...options,
  };
  const miniflare = new Miniflare(all);
  await miniflare.ready;
  /** Kills workerd outright, and starts it again. */
  return Object.assign(miniflare, { restart: () => miniflare.setOptions(all) });
}

async function modulesOf(source) {
  const codes = await examples();
  const plugin = {
    name: 'examples',
    setup(build) {
      build.onResolve({ filter: /^example:/ }, ({ path }) => ({ path, namespace: 'examples' }));
      build.onLoad({ filter: /./, namespace: 'examples' }, ({ path }) => {
        return { contents: codes[Number(path.replace('example:', ''))], loader: 'ts', resolveDir: root };
      });
    },
  };
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: root, loader: 'ts' },
    bundle: true,
    write: false,
    outdir: '/',
    format: 'esm',
    target: 'es2022',
    conditions: ['workerd'],
    external: ['cloudflare:*', 'node:*'],
    loader: { '.wasm': 'copy' },
    plugins: [plugin],
  });
  const modules = outputFiles.map(({ path, contents }) => {
    return { type: path.endsWith('.wasm') ? 'CompiledWasm' : 'ESModule', path, contents };
  });
  // The first one is the Worker.
  return modules.sort(({ type }) => (type === 'ESModule' ? -1 : 1));
}
