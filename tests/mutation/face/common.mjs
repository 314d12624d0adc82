// Stryker, for js/core. It puts all mutants into a copy of the project, each behind a condition. bundle.mjs makes one package of that, and
// the tests run on it once for each mutant.

export const common = {
  packageManager: 'npm',
  mutate: ['js/core/**/*.ts'],
  disableTypeChecks: 'js/**/*.ts',
  buildCommand: 'node tests/mutation/face/bundle.mjs',
  ignorePatterns: [
    'target',
    'bench',
    'docs/api',
    'src',
    'tests/everywhere',
    'tests/browser',
    'tests/engine',
    '.github',
  ],
  tempDirName: 'target/stryker',
  concurrency: 2,
  // A mutant that never ends hits its condition too often, at the latest; on a busy machine the others may take long.
  timeoutMS: 60_000,
  reporters: ['progress-append-only', 'json'],
};

export const reportTo = (name) => ({ jsonReporter: { fileName: `target/mutation/${name}.json` } });
