import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// With the real tools, which take minutes: npm run test:setup.
export default defineConfig({
  test: {
    root: fileURLToPath(new URL('.', import.meta.url)),
    include: ['*.real.ts'],
    reporters: ['verbose'],
    fileParallelism: false,
    testTimeout: 1_200_000,
    hookTimeout: 1_200_000,
  },
});
