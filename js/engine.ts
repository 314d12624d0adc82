import { Engine, initSync } from '../pkg/groupcommit.js';
import type { Groups } from './groups.js';
import type { Settings } from './options.js';

let initialized = false;

/** Instantiates the WebAssembly module, unless that has been done. */
export function initialize(engine: WebAssembly.Module | BufferSource): void {
  if (initialized) return;
  initSync({ module: isModule(engine) ? engine : compile(engine) });
  initialized = true;
}

/** Makes an engine of the module that `initialize` got. */
export function instantiate(settings: Settings, groups: Groups): Engine {
  if (!initialized)
    throw new Error("Call initialize() with 'groupcommit/engine.wasm' before startProcessor()");
  return create(settings, groups);
}

/** Not by `instanceof`: a sandbox may have its modules from another realm. */
function isModule(engine: WebAssembly.Module | BufferSource): engine is WebAssembly.Module {
  return Object.prototype.toString.call(engine) === '[object WebAssembly.Module]';
}

function create(settings: Settings, groups: Groups): Engine {
  const { minDuration, maxDuration, maxOperations, lockResource, loadResource, saveResource } = settings;
  const callbacks = (lockResource ? 1 : 0) + (loadResource ? 2 : 0) + (saveResource ? 4 : 0);
  return new Engine(minDuration, maxDuration, maxOperations, callbacks, groups);
}

function compile(bytes: BufferSource): WebAssembly.Module {
  try {
    return new WebAssembly.Module(bytes);
  } catch (cause) {
    if (mayCompile()) throw cause;
    throw new Error(
      "WebAssembly may not be compiled here: 'wasm-unsafe-eval' is missing in script-src of the Content-Security-Policy, " +
        "or the host takes only compiled modules, as 'groupcommit/slim' does",
      { cause },
    );
  }
}

/** Whether the smallest module there is, which is always valid, can be compiled. */
function mayCompile(): boolean {
  try {
    new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
    return true;
  } catch {
    return false;
  }
}
