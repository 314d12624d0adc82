// Makes the engine that is published of the one that wasm-pack made.

import { readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import binaryen from 'binaryen';
import { run } from '../setup/run.mjs';

/** The features that Node 20 and the browsers of its time have. All that binaryen knows would be more. */
const features = [
  'bulk-memory',
  'bulk-memory-opt',
  'call-indirect-overlong',
  'multivalue',
  'mutable-globals',
  'nontrapping-float-to-int',
  'reference-types',
  'sign-ext',
];
const bin = dirname(createRequire(import.meta.url).resolve('binaryen/package.json'));

/**
 * Writes the optimized module to `to`, and returns the short names by which it and the glue know each other, by those of wasm-bindgen.
 * These have hashes, which do not compress, and stand in both: short ones are 1.7 KB less.
 * @param {string} from a module with its function names
 * @param {string} to
 * @returns {Promise<Record<string, string>>}
 */
export async function optimize(from, to) {
  const cut = `${to}.cut`;
  await writeFile(cut, withoutPanicMessages(await readFile(from)));
  const told = await run(process.execPath, [
    join(bin, 'bin', 'wasm-opt'),
    ...features.map((feature) => `--enable-${feature}`),
    '-Oz',
    '--strip-debug',
    '--strip-producers',
    '--strip-target-features',
    '--minify-imports-and-exports-and-modules',
    cut,
    '-o',
    to,
  ]);
  await rm(cut);
  await writeFile(to, withoutTexts(await readFile(to)));
  return namesIn(JSON.parse(told), await readFile(to));
}

/** What wasm-opt tells, less the module of all imports, for which it tells no new name. */
function namesIn({ imports, exports }, bytes) {
  const [[module]] = imports;
  const [{ module: short }] = WebAssembly.Module.imports(new WebAssembly.Module(bytes));
  const functions = imports.map(([, name, short]) => [name, short]);
  return Object.fromEntries([[module, short], ...functions, ...exports]);
}

/**
 * Blanks the texts among the data. Now that panics are mere traps, only errors of wasm-bindgen's own would show one, and these are defects: 0.9 KB.
 * What the engine itself tells are numbers.
 */
function withoutTexts(bytes) {
  const module = binaryen.readBinary(bytes);
  for (let i = 0; i < module.getNumDataSegments(); i++) {
    const data = Buffer.from(module.getDataSegmentInfo(module.getDataSegmentByIndex(i)).data);
    const segment = bytes.subarray(bytes.indexOf(data), bytes.indexOf(data) + data.length);
    for (const { index, 0: text } of data.toString('latin1').matchAll(/[ -~]{12,}/g)) {
      segment.fill(0, index, index + text.length);
    }
  }
  module.dispose();
  return bytes;
}

/**
 * Makes a panic a mere trap, which it is anyway, as nothing here listens to the standard library's message. To make that message takes
 * 2.1 KB: all of Rust's formatting serves it alone, since what the engine itself tells are numbers.
 */
function withoutPanicMessages(bytes) {
  const module = binaryen.readBinary(bytes);
  const describesPanic = /panic|alloc_error|rust_oom|core\[\w+\]::fmt|fmt::(Display|Debug|Write)/;
  let found = 0;
  for (let i = 0; i < module.getNumFunctions(); i++) {
    const ref = module.getFunctionByIndex(i);
    const { name, module: importedFrom } = binaryen.getFunctionInfo(ref);
    if (importedFrom !== '' || !describesPanic.test(name)) continue;
    binaryen.Function.setBody(ref, module.unreachable());
    found++;
  }
  if (found === 0) throw new Error('In the engine there is no function that describes a panic');
  const cut = module.emitBinary();
  module.dispose();
  return cut;
}
