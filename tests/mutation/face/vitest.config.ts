import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const root = fileURLToPath(new URL('../../..', import.meta.url));

export default defineConfig({
  root,
  resolve: { alias: [{ find: /^groupcommit$/, replacement: `${root}/dist/esm/index.js` }] },
  test: {
    include: ['tests/{contract,hostile}/**/*.test.ts'],
    exclude: [
      '**/hostile/stack.test.ts',
      '**/hostile/sizes.test.ts',
      '**/contract/{scale,package,sentences,stack}.test.ts',
    ],
    setupFiles: ['tests/mutation/face/setup.ts'],
    testTimeout: 30_000,
    sequence: { setupFiles: 'list' },
    server: { deps: { external: [/\/dist\/esm\//] } },
  },
});
