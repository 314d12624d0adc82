import { harness, openFile } from './harnesses/sqlite-better.mjs';
import { sqliteLocks } from './own/sqlite-locks.js';
import { sqliteTables } from './own/sqlite-tables.js';
import { suite } from './suite.js';

suite(harness);
sqliteTables(harness.name, openFile);
sqliteLocks(harness.name, openFile);
