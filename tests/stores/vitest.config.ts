import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['tests/stores/*.test.ts'],
    reporters: ['verbose'],
    testTimeout: 30_000,
    hookTimeout: 120_000,
    server: { deps: { external: [/\/dist\/esm\//, /\/tests\/stores\/.*\.mjs$/] } },
  },
});
