import { harness } from './harnesses/postgres-row.mjs';
import { suiteOfLocks } from './suite.js';

suiteOfLocks(harness);
