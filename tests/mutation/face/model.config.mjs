// First: which mutants are found by the model of the contract, in 300 random scenarios.

import { fileURLToPath } from 'node:url';
import { common, reportTo } from './common.mjs';

export default {
  ...common,
  ...reportTo('model'),
  plugins: [fileURLToPath(new URL('model-runner.mjs', import.meta.url))],
  testRunner: 'model',
  coverageAnalysis: 'perTest',
  maxTestRunnerReuse: 100,
};
