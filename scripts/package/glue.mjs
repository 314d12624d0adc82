// The glue between engine and face is wasm-bindgen's. Here it becomes what can be part of a package.

import { transform } from 'esbuild';

/** The face schedules for the engine. What the glue takes for the global object tells wasm-bindgen-futures that it can. */
const globals = `
import { clearTimeout, queueMicrotask, setTimeout } from '../js/core/globals.ts';
const globalThis = { queueMicrotask };
`;

/** What has to be otherwise, each for a reason other than size. */
const replacements = [
  // Nothing may happen when the file is loaded: no bundler could drop it. And jsdom lacks TextDecoder, which only the engine's errors need.
  [/^let cachedTextDecoder = .*?^\}$/ms, 'const decodeText = (bytes) => new TextDecoder().decode(bytes);'],
  [/^if \(Symbol\.dispose\) .*$/m, ''],
  [/new FinalizationRegistry\(/g, '/* @__PURE__ */ new FinalizationRegistry('],
  // A module of another realm, as in the sandbox of Vercel's edge, is a module too: without `instanceof`.
  [
    /^export \{ initSync, .* \};$/m,
    `
    function instantiate({ module }) {
      return __wbg_finalize_init(new WebAssembly.Instance(module, __wbg_get_imports()), module);
    }
    async function instantiateAsync({ module_or_path: module }) {
      const instance = await WebAssembly.instantiate(module, __wbg_get_imports());
      // Another call may have been faster.
      if (!wasm) __wbg_finalize_init(instance, module);
    }
    export { instantiate as initSync, instantiateAsync as default };`,
  ],
];

/**
 * @param {string} text what wasm-bindgen made
 * @param {Record<string, string>} names by which it knows the engine's imports and exports from now on
 * @returns {Promise<string>}
 */
export async function packageable(text, names) {
  const replaced = replacements.reduce(replace, text);
  const words = Object.keys(names).map((name) => name.replaceAll('.', '\\.'));
  const { code } = await transform(globals + replaced, {
    mangleProps: new RegExp(`^(${words.join('|')})$`),
    mangleCache: names,
    mangleQuoted: true,
  });
  return code;
}

function replace(text, [found, replacement]) {
  if (text.search(found) === -1) throw new Error(`wasm-bindgen makes glue in which ${found} is nowhere`);
  return text.replace(found, () => replacement);
}
