import initAsync, { Engine, initSync } from '../../pkg/groupcommit.js';
import type { Host } from './host.js';
import type { Settings } from './settings.js';

let isInitialized = false;

/** Instantiates the WebAssembly module, unless that has been done. */
export function initialize(engine: WebAssembly.Module | BufferSource): void {
  if (isInitialized) return;
  if (typeof WebAssembly !== 'object') throw new Error(MISSING);
  initSync({ module: isModule(engine) ? engine : compile(engine) });
  isInitialized = true;
}

/** The same, in the background. */
export async function initializeAsync(engine: WebAssembly.Module | BufferSource): Promise<void> {
  if (isInitialized) return;
  if (typeof WebAssembly !== 'object') throw new Error(MISSING);
  await initAsync({ module_or_path: isModule(engine) ? engine : await compileAsync(engine) });
  isInitialized = true;
}

const MISSING =
  'There is no WebAssembly here, as in Node with --jitless and in browsers in lockdown mode. ' +
  'Allow it, or change records one at a time: lock, load, change, save';

export function needInitialized(): void {
  if (!isInitialized)
    throw new Error("Call initialize() with 'groupcommit/engine.wasm' before startProcessor()");
}

/** Makes an engine of the module that `initialize` got. */
export function createEngine(settings: Settings, host: Host): Engine {
  const { minDuration, maxDuration, concurrency, retries, maxKeys } = settings;
  const { lockResource, loadResource, saveResource, loadResources, saveResources } = settings;
  const isCalled = [lockResource, loadResource ?? loadResources, saveResource ?? saveResources];
  const bits = [...isCalled, undefined, loadResources, saveResources];
  const callbacks = bits.reduce((sum, callback, bit) => sum + (callback ? 2 ** bit : 0), 0);
  return new Engine(minDuration, maxDuration, concurrency, retries, maxKeys, callbacks, host);
}

/** Not by `instanceof`: a sandbox may have its modules from another realm. */
function isModule(engine: WebAssembly.Module | BufferSource): engine is WebAssembly.Module {
  return Object.prototype.toString.call(engine) === '[object WebAssembly.Module]';
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

/** What forbids that forbids the other as well, which tells why. */
function compileAsync(bytes: BufferSource): Promise<WebAssembly.Module> {
  return WebAssembly.compile(bytes).catch(() => compile(bytes));
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
