// A test runner for Stryker that plays scenarios of tests/model in its own process: so a mutant costs a tenth of a second, and not some.

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { declareClassPlugin, PluginKind } from '@stryker-mutator/api/plugin';
import {
  DryRunStatus,
  determineHitLimitReached,
  TestStatus,
  toMutantRunResult,
} from '@stryker-mutator/api/test-runner';

/** What Stryker's conditions look at. */
globalThis.__stryker__ ??= {};
const stryker = globalThis.__stryker__;

class ModelRunner {
  #tests;
  #startProcessor;
  #loads = 0;

  capabilities() {
    return { reloadEnvironment: true };
  }

  async init() {
    ({ tests: this.#tests } = await import(pathToFileURL(join('dist', 'hunt.mjs'))));
  }

  async dryRun() {
    await this.#load();
    const tests = await this.#play([...this.#tests.keys()]);
    return { status: DryRunStatus.Complete, tests, mutantCoverage: stryker.mutantCoverage };
  }

  async mutantRun({ activeMutant, mutantActivation, testFilter, hitLimit }) {
    stryker.activeMutant = mutantActivation === 'static' ? activeMutant.id : undefined;
    await this.#load();
    Object.assign(stryker, { activeMutant: activeMutant.id, hitCount: 0, hitLimit });
    const tests = await this.#play(testFilter ?? [...this.#tests.keys()]);
    const limit = determineHitLimitReached(stryker.hitCount, hitLimit);
    return toMutantRunResult(limit ?? { status: DryRunStatus.Complete, tests });
  }

  /** The package anew: what a mutant has broken in it is to have no influence on the next one. */
  async #load() {
    const url = pathToFileURL(join('dist', 'whole', 'index.js'));
    ({ startProcessor: this.#startProcessor } = await import(`${url}?${this.#loads++}`));
  }

  /** Up to the first that fails. */
  async #play(names) {
    const results = [];
    for (const name of names) {
      const start = performance.now();
      stryker.currentTestId = name;
      const failureMessage = await this.#tests.get(name)(this.#startProcessor).catch(String);
      const status = failureMessage ? TestStatus.Failed : TestStatus.Success;
      const timeSpentMs = performance.now() - start;
      results.push({ id: name, name, timeSpentMs, status, failureMessage });
      if (failureMessage) break;
    }
    stryker.currentTestId = undefined;
    return results;
  }
}

export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, 'model', ModelRunner)];
