/**
 * The package without the engine, for those who bring that themselves: compiled elsewhere, from a CDN, or cached on its own.
 *
 * @module groupcommit/slim
 */
import { initialize as initializeEngine, initializeAsync as initializeEngineAsync } from './core/engine.js';
import { keepIdle } from './core/idle.js';
import { LocalProcessor } from './core/processor.js';
import type { Processor, ProcessorOptions } from './core/types.js';

export {
  BatchError,
  ConflictError,
  EngineError,
  OperationCancelledError,
  ProcessorStoppedError,
} from './core/errors.js';
export type {
  BatchContext,
  BatchErrorCode,
  BatchMetric,
  BatchPhase,
  CallContext,
  Operation,
  Processor,
  ProcessorOptions,
  Release,
  RunOptions,
  SavedBatch,
  SignalOptions,
  Sync,
} from './core/types.js';

/**
 * Hands over the engine: the file `groupcommit/engine.wasm` of the same version, compiled or as bytes. To be called once, before the first
 * `startProcessor`; further calls do nothing.
 *
 * @throws Error if there is no WebAssembly, or if the bytes are no module, are of another version, or may not be compiled.
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
 * The same as {@link initialize}, but in the background: Chromium before 115 refuses to compile or instantiate more than 4 KB at once on the
 * main thread of a page.
 *
 * Rejects like `initialize` throws.
 *
 * @example
 * <!-- not run -->
 * ```ts
 * import { initializeAsync, startProcessor } from 'groupcommit/slim';
 *
 * await initializeAsync(await WebAssembly.compileStreaming(fetch('/engine.wasm')));
 * export const counters = startProcessor<number>({ minDuration: 0, loadResource: () => 0 });
 * ```
 */
export function initializeAsync(engine: WebAssembly.Module | BufferSource): Promise<void> {
  return initializeEngineAsync(engine);
}

/**
 * Starts a processor, like `startProcessor` of `groupcommit`, with the engine that {@link initialize} got.
 *
 * @throws TypeError or RangeError that names the option, if one is out of range; Error before `initialize`.
 */
export function startProcessor<Resource = undefined, Key extends string | number = string>(
  options: ProcessorOptions<Resource, Key> = {},
): Processor<Resource, Key> {
  const processor = new LocalProcessor<Resource, Key>(options);
  keepIdle();
  return processor;
}
