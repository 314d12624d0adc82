// In the copy of the project whose sources have the mutants in them: makes the entries of the package anew, and of hunt.ts one file.

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { bundling } from '../../../scripts/package/bundle.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const dist = join(root, 'dist');

// A process that a test starts tells which mutants it has come by; setup.ts reads that.
const js = `
import { writeFileSync as writeCoverage } from 'node:fs';
import { isMainThread as isProcess } from 'node:worker_threads';
if (isProcess && process.env.COVERAGE_FOLDER) {
  process.on('exit', () => {
    const { mutantCoverage } = globalThis.__stryker__ ?? {};
    if (mutantCoverage) writeCoverage(\`\${process.env.COVERAGE_FOLDER}/\${process.pid}.json\`, JSON.stringify(mutantCoverage.static));
  });
}
`;
await build({
  ...bundling(root, dist, ['index', 'slim']),
  format: 'esm',
  outdir: join(dist, 'esm'),
  banner: { js },
  write: true,
});
/** For model-runner.mjs the package is one file, which can be loaded again and again. */
const whole = bundling(root, dist, ['index']);
await build({
  ...whole,
  plugins: whole.plugins.filter(({ name }) => name !== 'share-slim'),
  format: 'esm',
  outdir: join(dist, 'whole'),
  write: true,
});
await build({
  entryPoints: [fileURLToPath(new URL('hunt.ts', import.meta.url))],
  bundle: true,
  platform: 'node',
  format: 'esm',
  outfile: join(dist, 'hunt.mjs'),
});
