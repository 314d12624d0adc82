import { harness } from './harnesses/level.mjs';
import { levelOwn } from './own/level.js';
import { suite } from './suite.js';

suite(harness);
levelOwn();
