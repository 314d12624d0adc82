/** Has the processes that tests start take part: they know the mutant by their environment, and tell what they came by in files. */

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll } from 'vitest';

interface Stryker {
  activeMutant?: string;
  currentTestId?: string;
  mutantCoverage?: { static: Record<string, number>; perTest: Record<string, Record<string, number>> };
}

const stryker = (globalThis as { __stryker__?: Stryker }).__stryker__ ?? {};
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'coverage-'));
  process.env.COVERAGE_FOLDER = folder;
  process.env.__STRYKER_ACTIVE_MUTANT__ = stryker.activeMutant ?? '';
});

afterEach(() => {
  for (const file of readdirSync(folder)) {
    const counts = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Record<string, number>;
    rmSync(join(folder, file));
    if (stryker.activeMutant !== undefined || !stryker.currentTestId) continue;
    stryker.mutantCoverage ??= { static: {}, perTest: {} };
    stryker.mutantCoverage.perTest[stryker.currentTestId] ??= {};
    const covered = stryker.mutantCoverage.perTest[stryker.currentTestId] ?? {};
    for (const [mutant, count] of Object.entries(counts)) covered[mutant] = (covered[mutant] ?? 0) + count;
  }
});

afterAll(() => rmSync(folder, { recursive: true }));
