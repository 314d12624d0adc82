import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { run } from '../../scripts/setup/run.mjs';
import { harness, openFile } from './harnesses/sqlite-node.mjs';
import { sqliteLocks } from './own/sqlite-locks.js';
import { sqliteTables } from './own/sqlite-tables.js';
import { nodeWithSQLite } from './packages/installed.mjs';
import { suite } from './suite.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

if (process.getBuiltinModule?.('node:sqlite')) {
  suite(harness);
  sqliteTables(harness.name, openFile);
  sqliteLocks(harness.name, openFile);
} else {
  // This Node has none: the same file is run by one that has, whose output ends with what has failed.
  test(harness.name, { timeout: 600_000 }, async () => {
    const node = await nodeWithSQLite();
    const config = 'tests/stores/vitest.config.ts';
    const lines: string[] = [];
    const report = (line: string) => lines.push(line);
    const command = ['node_modules/vitest/vitest.mjs', 'run', '--config', config, 'sqlite-node'];
    await run(node, command, { cwd: root, report, env: { NO_COLOR: '1' } }).catch((cause) => {
      throw new Error(lines.slice(-100).join('\n'), { cause });
    });
    const passed = lines.filter((line) => line.includes('✓'));
    console.log(lines.join('\n'));
    expect(passed.length).toBeGreaterThan(50);
  });
}
