// What runs in the pages as one script, together with the package under test, or with one that has been changed on purpose.

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { packageFolder, patchedPackage } from '../../model/bundle.mjs';

const entries = ['index', 'slim', 'browser', 'indexeddb'];

/**
 * @param {{ folder: string, patch: object }} [mutant] with a folder for what is made of it
 * @returns {Promise<string>}
 */
export async function bundlePage(mutant) {
  const dist = mutant
    ? await patchedPackage(mutant.folder, mutant.patch, entries)
    : join(packageFolder, 'dist', 'esm');
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('page.mjs', import.meta.url))],
    bundle: true,
    format: 'esm',
    // The longer names first: an alias is one for what begins with it, too.
    alias: {
      'groupcommit/browser': join(dist, 'browser.js'),
      'groupcommit/indexeddb': join(dist, 'indexeddb.js'),
      groupcommit: join(dist, 'index.js'),
    },
    write: false,
    logLevel: 'warning',
  });
  return outputFiles[0].text;
}
