import { harness } from './harnesses/postgres-js-row.mjs';
import { suiteOfLocks } from './suite.js';

suiteOfLocks(harness);
