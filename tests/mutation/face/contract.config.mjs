// Then: which of the others are found by the tests of tests/contract and tests/hostile. They take some seconds each.

import { common, reportTo } from './common.mjs';
import { isMissed, mutantsOf, rangeOf } from './report.mjs';

export default {
  ...common,
  ...reportTo('contract'),
  mutate: mutantsOf('model').filter(isMissed).map(rangeOf),
  plugins: ['@stryker-mutator/vitest-runner'],
  testRunner: 'vitest',
  vitest: { configFile: 'tests/mutation/face/vitest.config.ts', related: false },
  coverageAnalysis: 'perTest',
};
