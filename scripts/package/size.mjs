// Prints what each entry weighs, minified and gzipped, and fails if one weighs more than size.json allows.
// A part's gzipped size is what the entry would weigh less without it.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import Table from 'cli-table3';
import { build } from 'esbuild';
import { bundling, entries } from './bundle.mjs';

const root = process.env.GROUPCOMMIT_UNDER_TEST ?? fileURLToPath(new URL('../..', import.meta.url));
const budgets = JSON.parse(await readFile(new URL('size.json', import.meta.url), 'utf8'));
/** In this order each is taken out, beside those before it. The rest is the face. */
const parts = { engine: /_bg\.wasm$/, glue: /\/pkg\/.*\.js$/ };

const table = new Table({
  head: ['entry', 'part', 'minified', 'gzipped', 'budget'],
  colAligns: ['left', 'left', 'right', 'right', 'right'],
  style: { head: [], border: [], compact: true },
});
const tooLarge = [];
for (const entry of entries) {
  let whole = await sizeOf(entry, []);
  const budget = budgets[entry];
  table.push([entry, 'whole', whole.minified, whole.gzipped, budget]);
  if (!(whole.gzipped <= budget)) tooLarge.push(entry);

  const without = [];
  for (const [part, filter] of Object.entries(parts)) {
    without.push(filter);
    const rest = await sizeOf(entry, without);
    const [minified, gzipped] = [whole.minified - rest.minified, whole.gzipped - rest.gzipped];
    if (minified > 0) table.push(['', part, minified, gzipped, '']);
    whole = rest;
  }
  table.push(['', 'face', whole.minified, whole.gzipped, '']);
}
console.log(table.toString());
for (const entry of tooLarge) console.error(`${entry} is larger than its budget`);
process.exitCode = tooLarge.length === 0 ? 0 : 1;

async function sizeOf(entry, without) {
  const options = bundling(root, join(root, 'dist'), [entry]);
  const leaveOut = {
    name: 'leave-out',
    setup({ onResolve }) {
      for (const filter of without) onResolve({ filter }, ({ path }) => ({ path, external: true }));
    },
  };
  const { outputFiles } = await build({
    ...options,
    // Here an entry is weighed with the other file that it imports.
    plugins: [leaveOut, ...options.plugins.filter(({ name }) => name !== 'share-slim')],
    outdir: 'dist',
    format: 'esm',
    minify: true,
  });
  const { contents } = outputFiles[0];
  return { minified: contents.length, gzipped: gzipSync(contents, { level: 9 }).length };
}
