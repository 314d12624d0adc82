import { harness } from './harnesses/postgres-js.mjs';
import { suite } from './suite.js';

suite(harness);
