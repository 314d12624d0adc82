import bytes from '../pkg/groupcommit_bg.wasm';
import type { Processor, ProcessorOptions } from './core/types.js';
import { initialize, startProcessor as startInitialized } from './slim.js';

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
export {
  BatchError,
  ConflictError,
  EngineError,
  OperationCancelledError,
  ProcessorStoppedError,
} from './slim.js';

let isInitialized = false;

/**
 * Starts a processor: from now on its {@link Processor.run | run} changes resources in batches.
 *
 * The first call in a process instantiates the engine, synchronously, from bytes that came with this file.
 *
 * @throws TypeError or RangeError that names the option, if one is out of range; Error where there is no WebAssembly, or bytes may not be
 * compiled.
 *
 * @example
 * ```ts
 * import { startProcessor } from 'groupcommit';
 *
 * const database = new Map<string, { balance: number }>([['alice', { balance: 100 }]]);
 *
 * const accounts = startProcessor<{ balance: number }>({
 *   minDuration: 10,
 *   loadResource: async (key) => database.get(key) ?? { balance: 0 },
 *   saveResource: async (key, account) => void database.set(key, account),
 * });
 *
 * const balance = await accounts.run('alice', (account) => (account.balance -= 30));
 * console.assert(balance === 70 && database.get('alice')?.balance === 70);
 * await accounts.stop();
 * ```
 */
export function startProcessor<Resource = undefined, Key extends string | number = string>(
  options: ProcessorOptions<Resource, Key> = {},
): Processor<Resource, Key> {
  if (!isInitialized) initialize(bytes());
  isInitialized = true;
  return startInitialized(options);
}
