import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { locked } from './locked.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));

/** The folder with a Node that has node:sqlite, and better-sqlite3, which compiles for minutes. */
export const installed = () => locked(here, 'stores', 'better-sqlite3 and another Node');

/** A Node that has node:sqlite: this one, if it has. */
export async function nodeWithSQLite() {
  if (process.getBuiltinModule?.('node:sqlite')) return process.execPath;
  return join(await installed(), 'node_modules', 'node-24', 'bin', 'node');
}
