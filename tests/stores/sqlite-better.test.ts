import { harness, openFile } from './harnesses/sqlite-better.mjs';
import { sqliteOwn } from './own/sqlite.js';
import { suite } from './suite.js';

suite(harness);
sqliteOwn(harness.name, openFile);
