/**
 * The package without the engine, for who brings that along: compiled elsewhere, from a CDN, or cached on its own.
 *
 * @module groupcommit/slim
 */
import { initialize as initializeEngine, instantiate } from './engine.js';
import { LocalProcessor } from './processor.js';
import type { Processor, ProcessorOptions } from './types.js';

export { BatchError, OperationCancelledError, ProcessorStoppedError } from './errors.js';
export type {
  BatchContext,
  BatchErrorCode,
  BatchMetric,
  BatchPhase,
  Operation,
  Processor,
  ProcessorOptions,
  Release,
  RunOptions,
  Sync,
} from './types.js';

/**
 * Hands over the engine: the file `groupcommit/engine.wasm` of the same version, compiled or as bytes. Once, before the first
 * `startProcessor`; further calls do nothing.
 *
 * @throws if the bytes are no module, are of another version, or may not be compiled.
 *
 * @example
 * ```ts
 * import { readFile } from 'node:fs/promises';
 * import { fileURLToPath } from 'node:url';
 * import { initialize, startProcessor } from 'groupcommit/slim';
 *
 * // In a browser: initialize(await WebAssembly.compileStreaming(fetch(urlOfEngine)))
 * initialize(await readFile(fileURLToPath(import.meta.resolve('groupcommit/engine.wasm'))));
 *
 * const counters = startProcessor<{ count: number }>({ minDuration: 0, loadResource: () => ({ count: 0 }) });
 * console.assert((await counters.run('visits', (counter) => (counter.count += 1))) === 1);
 * await counters.stop();
 * ```
 */
export function initialize(engine: WebAssembly.Module | BufferSource): void {
  initializeEngine(engine);
}

/**
 * Starts a processor, like `startProcessor` of `groupcommit`, with the engine that {@link initialize} got.
 *
 * @throws TypeError or RangeError that names the option, if one is out of range; Error before `initialize`.
 */
export function startProcessor<Resource = undefined, Key extends string | number = string>(
  options: ProcessorOptions<Resource, Key> = {},
): Processor<Resource, Key> {
  const processor = new LocalProcessor<Resource, Key>(options, instantiate);
  if (!resident) resident = startResident();
  return processor;
}

/**
 * One batch that never ends, so that an object of each class stays. V8 forgets the layout of objects of which a collection finds none, and
 * with it the code that it has compiled for them: where all batches end now and then, that doubles what a batch costs.
 */
let resident: Processor<unknown> | undefined;

function startResident(): Processor<unknown> {
  const options = { minDuration: 0, loadResource: () => new Promise(() => {}) };
  const processor = new LocalProcessor<unknown, string>(options, instantiate);
  for (let run = 0; run < 2; run++) processor.run('', () => {});
  return processor;
}
