// Makes the engine that is published of the one that wasm-pack made.

import binaryen from 'binaryen';

/** The features that Node 20 and the browsers of its time have. All that binaryen knows would be more. */
const features = [
  'BulkMemory',
  'BulkMemoryOpt',
  'CallIndirectOverlong',
  'MutableGlobals',
  'Multivalue',
  'NontrappingFPToInt',
  'ReferenceTypes',
  'SignExt',
];

/**
 * Optimizes for size, and leaves out what only describes a panic. A panic is a trap here in any case, since nothing listens to the standard
 * library's message; but to put that message together takes a fifth of the code.
 * @param {Uint8Array} bytes a module with its function names
 */
export function optimize(bytes) {
  const module = binaryen.readBinary(bytes);
  module.setFeatures(features.reduce((all, feature) => all | binaryen.Features[feature], 0));
  const functions = Array.from({ length: module.getNumFunctions() }, (_, i) => module.getFunctionByIndex(i));
  const describing = functions.filter((ref) => describesPanic(binaryen.getFunctionInfo(ref)));
  if (describing.length === 0) throw new Error('The engine has no function names');
  for (const ref of describing) binaryen.Function.setBody(ref, module.unreachable());

  binaryen.setOptimizeLevel(3);
  binaryen.setShrinkLevel(2);
  // What the first pass has inlined or dropped gives the next ones something to do.
  for (let pass = 0; pass < 3; pass++) module.optimize();
  module.runPasses(['strip-debug', 'strip-producers', 'strip-target-features']);
  const optimized = module.emitBinary();
  module.dispose();
  return withoutFileNames(optimized);
}

/** All of Rust's formatting is for panics: what the engine itself tells are numbers. */
function describesPanic({ name, module }) {
  const isImport = module !== '';
  return !isImport && /panic|alloc_error|rust_oom|core\[\w+\]::fmt|fmt::(Display|Debug|Write)/.test(name);
}

/** Where in which file a panic comes from: nobody is left to read that. */
function withoutFileNames(bytes) {
  const text = Buffer.from(bytes).toString('latin1');
  return Buffer.from(
    text.replace(/[\w./-]+\/[\w./-]+\.rs(?=\W)/g, (name) => '\0'.repeat(name.length)),
    'latin1',
  );
}
