// Finds or installs the browsers before the tests, which fail without them.

import type { TestProject } from 'vitest/node';
import { ensureBrowsers } from '../../scripts/setup.mjs';

declare module 'vitest' {
  export interface ProvidedContext {
    browsers: Record<'chromium' | 'firefox', string>;
  }
}

export default async function setup(project: TestProject): Promise<void> {
  project.provide('browsers', await ensureBrowsers());
}
