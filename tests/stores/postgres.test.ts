import { harness } from './harnesses/postgres.mjs';
import { suite } from './suite.js';

suite(harness);
