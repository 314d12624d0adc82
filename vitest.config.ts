import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// GROUPCOMMIT_UNDER_TEST names the folder of another build of the package, to run the same tests against it.
const packageFolder = process.env.GROUPCOMMIT_UNDER_TEST ?? fileURLToPath(new URL('.', import.meta.url));

export default defineConfig({
  resolve: {
    alias: [{ find: /^groupcommit$/, replacement: `${packageFolder}/dist/esm/index.js` }],
  },
  test: {
    include: ['tests/{contract,hostile,model,node,faults,examples,setup,docs,bench}/**/*.test.ts'],
    reporters: ['verbose'],
    // A guard against hanging, on a busy machine too: nothing here measures speed.
    testTimeout: 30_000,
    server: { deps: { external: [/\/dist\/esm\//] } },
  },
});
