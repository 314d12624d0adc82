import { nodeWithSQLite } from '../packages/installed.mjs';
import { sqlite } from '../race/sqlite.mjs';

/** @type {import('../harness.js').Harness} */
export const harness = {
  ...sqlite(async (file) => {
    const { DatabaseSync } = await import('node:sqlite');
    return new DatabaseSync(file);
  }),
  name: 'groupcommit/sqlite on node:sqlite',
  module: import.meta.url,
  node: nodeWithSQLite,
};
