import { harness } from './harnesses/sqlite-better.mjs';
import { suite } from './suite.js';

suite(harness);
