import { nodeWithSQLite } from '../packages/installed.mjs';
import { sqlite } from '../race/sqlite.mjs';

/** @type {import('../own/sqlite-database.js').OpenFile} */
export const openFile = async (file) => {
  const { DatabaseSync } = await import('node:sqlite');
  return new DatabaseSync(file);
};

/** @type {import('../harness.js').Harness} */
export const harness = {
  ...sqlite(openFile),
  name: 'groupcommit/sqlite on node:sqlite',
  module: import.meta.url,
  node: nodeWithSQLite,
};
