import { createRequire } from 'node:module';
import { join } from 'node:path';
import { installed } from '../packages/installed.mjs';
import { sqlite } from '../race/sqlite.mjs';

/** @type {import('../own/sqlite-database.js').OpenFile} */
export const openFile = async (file) => {
  const require = createRequire(join(await installed(), 'package.json'));
  const Database = require('better-sqlite3');
  // It would wait itself, and the whole process with it.
  return new Database(file, { timeout: 0 });
};

/** @type {import('../harness.js').Harness} */
export const harness = {
  ...sqlite(openFile),
  name: 'groupcommit/sqlite on better-sqlite3',
  module: import.meta.url,
};
