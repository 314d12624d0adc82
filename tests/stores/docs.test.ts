import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { run } from '../../scripts/setup/run.mjs';
import { nodeWithSQLite } from './packages/installed.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

// The other examples are run by tests/docs, which has no types of node:sqlite, and maybe no such module.
test('docs/sqlite.md: the example with node:sqlite runs', { timeout: 300_000 }, async () => {
  const page = await readFile(join(root, 'docs', 'sqlite.md'), 'utf8');
  const [, example] = page.match(/^```js\n([\s\S]*?)^```$/m) as unknown as [string, string];
  const folder = await mkdtemp(join(tmpdir(), 'groupcommit-docs-'));
  try {
    await mkdir(join(folder, 'node_modules'));
    await symlink(root, join(folder, 'node_modules', 'groupcommit'));
    await writeFile(join(folder, 'example.mjs'), example);
    const lines: string[] = [];
    const report = (line: string) => lines.push(line);
    const node = await nodeWithSQLite();
    await run(node, ['--disable-warning=ExperimentalWarning', 'example.mjs'], { cwd: folder, report });
    expect(lines).toEqual([]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
