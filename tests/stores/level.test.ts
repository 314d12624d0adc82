import { harness } from './harnesses/level.mjs';
import { suite } from './suite.js';

suite(harness);
