import { pathToFileURL } from 'node:url';
import { contextOfProcess } from './processes.mjs';

/**
 * @typedef {{
 *   minDuration: number,
 *   loadResource: (key: string | number) => Promise<any>,
 *   saveResource: (key: string | number, resource: any) => Promise<void>,
 * }} Options
 * @typedef {{
 *   minDuration: number,
 *   loadResources: (batches: readonly { key: string | number }[]) => Promise<any[]>,
 *   saveResources: (batches: readonly { key: string | number, resource: any }[]) => Promise<void>,
 * }} OptionsTogether
 * @typedef {{
 *   run(key: string | number, operation: (resource: any) => unknown, options?: { signal?: AbortSignal | undefined }): Promise<any>,
 *   stop(): Promise<void>,
 *   subscribeBatchMetrics?(callback: (metric: object) => void): () => void,
 * }} Processor
 * @typedef {(options: Options) => Processor} Start
 * @typedef {(options: Options | OptionsTogether) => Processor} StartEither
 * @typedef {{ name: string, startProcessor: StartEither, workloads: import('./workloads.mjs').Workload[] }} Contestant
 */

export const OURS = 'groupcommit';
export const LIMIT = 'by hand';
/** By hand, too, for loadResources and saveResources. */
export const LIMIT_TOGETHER = 'by hand, together';
export const PEERS = ['async-mutex', 'p-queue', 'pacer', 'dataloader'];
export const BARE = 'bare promises';

/** The folder of another build to measure, as for the tests. */
const packageFolder = process.env.GROUPCOMMIT_UNDER_TEST;

/** @type {Record<string, string>} */
const modules = {
  [OURS]: packageFolder ? `${pathToFileURL(packageFolder)}/dist/esm/index.js` : 'groupcommit',
  [LIMIT]: `./hand-written/${contextOfProcess() === 'on' ? 'in-context' : 'processor'}.mjs`,
  [LIMIT_TOGETHER]: './hand-written/many-keys.mjs',
  [BARE]: './bare-promises.mjs',
  'async-mutex': './peers/async-mutex.mjs',
  'p-queue': './peers/p-queue.mjs',
  pacer: './peers/pacer.mjs',
  dataloader: './peers/dataloader.mjs',
};

/**
 * Each contestant gets a copy of the workloads for itself, as in a program that knows no other: V8 compiles the calls in them for
 * the one class it sees there.
 *
 * @param {{ control: boolean }} options control: a second copy of the hand-written code plays our part
 * @returns {Promise<Map<string, Contestant>>}
 */
export async function loadContestants({ control }) {
  /** @type {Map<string, Contestant>} */
  const contestants = new Map();
  for (const name of Object.keys(modules)) {
    contestants.set(name, await loadContestant(name, { control }));
  }
  return contestants;
}

/**
 * @param {string} name
 * @param {{ control: boolean }} options
 * @returns {Promise<Contestant>}
 */
export async function loadContestant(name, { control }) {
  const specifier = control && name === OURS ? `${modules[LIMIT]}?control` : modules[name];
  const { startProcessor } = await import(/** @type {string} */ (specifier));
  const { workloads } = await import(`./workloads.mjs?${encodeURIComponent(name)}`);
  return { name, startProcessor, workloads };
}
