import type { BatchErrorCode, BatchPhase } from './types.js';

const codes = { lock: 'ERR_LOCK_FAILED', load: 'ERR_LOAD_FAILED', save: 'ERR_SAVE_FAILED' } as const;

/** The batch of a run failed: its resource could not be locked, loaded or saved, so nothing of it has been saved. */
export class BatchError extends Error {
  override readonly name = 'BatchError';
  readonly code: BatchErrorCode;
  readonly key: string | number;
  /** What failed. */
  readonly phase: BatchPhase;
  /** The number of operations that had run. */
  readonly operationCount: number;
  /** What `lockResource`, `loadResource` or `saveResource` threw, unchanged. */
  declare readonly cause: unknown;

  constructor(phase: BatchPhase, key: string | number, operationCount: number, cause: unknown) {
    super(`Could not ${phase} the resource ${quote(key)}${reason(cause)}`, { cause });
    this.code = codes[phase];
    this.key = key;
    this.phase = phase;
    this.operationCount = operationCount;
  }
}

/** The run was cancelled by its signal before its operation ran. */
export class OperationCancelledError extends Error {
  override readonly name = 'OperationCancelledError';
  readonly code = 'ERR_OPERATION_CANCELLED';
  readonly key: string | number;
  /** The signal's reason. */
  declare readonly cause: unknown;

  constructor(key: string | number, cause: unknown) {
    super(`The operation on the resource ${quote(key)} was cancelled before it ran`, { cause });
    this.key = key;
  }
}

/** The processor has been stopped, and accepts no more runs. */
export class ProcessorStoppedError extends Error {
  override readonly name = 'ProcessorStoppedError';
  readonly code = 'ERR_PROCESSOR_STOPPED';
  readonly key: string | number;

  constructor(key: string | number) {
    super(`The processor has been stopped: the operation on the resource ${quote(key)} was not accepted`);
    this.key = key;
  }
}

/**
 * Others have changed the resource since it was loaded, and nothing of it has been saved: for `saveResource` to throw.
 * With `retries` the batch then starts over. Any error with the same `code` is taken for it.
 */
export class ConflictError extends Error {
  override readonly name = 'ConflictError';
  readonly code = 'ERR_CONFLICT';

  constructor(
    message = 'The resource has been changed by others since it was loaded',
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** What was thrown may be anything, and looking at it may throw. */
export function isConflict(cause: unknown): boolean {
  try {
    return (cause as { code?: unknown }).code === 'ERR_CONFLICT';
  } catch {
    return false;
  }
}

/** The engine has failed, as when its memory cannot grow. Nobody can say whether what was pending has been saved. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly code = 'ERR_ENGINE_FAILED';
  readonly key: string | number;
  /** What the engine threw. */
  declare readonly cause: unknown;

  constructor(key: string | number, cause: unknown) {
    super(`The engine has failed: nobody can say whether the resource ${quote(key)} was saved`, { cause });
    this.key = key;
  }
}

function quote(key: string | number): string {
  return typeof key === 'string' ? `'${key}'` : `${key}`;
}

/** What can be told of anything that was thrown. Of an object only its message is looked at, and that may throw. */
function reason(cause: unknown): string {
  try {
    const message = Object(cause) === cause ? (cause as { message?: unknown }).message : cause;
    return message === undefined || message === '' ? '' : `: ${String(message)}`;
  } catch {
    return '';
  }
}
