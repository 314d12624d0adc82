// The entry for Cloudflare Workers, which forbids compiling bytes: the bundler there makes a compiled module of this import.
import engine from '../engine.wasm';
import type { Processor, ProcessorOptions } from './core/types.js';
import { initialize, startProcessor as startInitialized } from './slim.js';

export {
  BatchError,
  ConflictError,
  EngineError,
  OperationCancelledError,
  ProcessorStoppedError,
} from './slim.js';

/** @see `startProcessor` in index.ts */
export function startProcessor<Resource = undefined, Key extends string | number = string>(
  options: ProcessorOptions<Resource, Key> = {},
): Processor<Resource, Key> {
  initialize(engine);
  return startInitialized(options);
}
