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
  cutOut(module, describesPanic, () => module.unreachable());
  cutOut(module, suspendsWebAssembly, () => module.unreachable());
  cutOut(module, findsGlobalObject, () => module.i32.const(UNDEFINED));

  binaryen.setOptimizeLevel(3);
  binaryen.setShrinkLevel(2);
  // What the first pass has inlined or dropped gives the next ones something to do.
  for (let pass = 0; pass < 3; pass++) module.optimize();
  module.runPasses(['strip-debug', 'strip-producers', 'strip-target-features']);
  const optimized = Buffer.from(module.emitBinary());
  blankUnread(optimized, module);
  module.dispose();
  return optimized;
}

/** Gives the functions with such a name another body. */
function cutOut(module, hasSuchName, body) {
  const functions = Array.from({ length: module.getNumFunctions() }, (_, i) => module.getFunctionByIndex(i));
  const found = functions.filter((ref) => {
    const { name, module: importedFrom } = binaryen.getFunctionInfo(ref);
    return importedFrom === '' && hasSuchName(name);
  });
  if (found.length === 0) throw new Error(`In the engine there is no function that ${hasSuchName.name}`);
  for (const ref of found) binaryen.Function.setBody(ref, body());
}

/** All of Rust's formatting is for panics: what the engine itself tells are numbers. */
function describesPanic(name) {
  return /panic|alloc_error|rust_oom|core\[\w+\]::fmt|fmt::(Display|Debug|Write)/.test(name);
}

/** The executor's tasks that may wait in the middle of a call, by JSPI, are spawned from exports of that kind, of which the engine has none. */
function suspendsWebAssembly(name) {
  return name.includes('js_sys::futures::jspi::task_waker');
}

/** The executor looks for queueMicrotask there, but the glue queues its turns in another way: see `quieted` in bundle.mjs. */
function findsGlobalObject(name) {
  return name.includes('js_sys::global::get_global_object');
}

/** Where `undefined` is in the table by which wasm-bindgen knows JavaScript's values. */
const UNDEFINED = 1024;

/**
 * Blanks what is left of the panics among the data: the names of source files, the places in them, and texts that no code refers to.
 * @param {Buffer} bytes the module as it was emitted
 */
function blankUnread(bytes, module) {
  const code = module.emitText().replaceAll(/\(data .*/g, '');
  const read = new Set(
    Array.from(code.matchAll(/(?:i32\.const |offset=)(\d+)/g), ([, number]) => Number(number)),
  );
  for (let i = 0; i < module.getNumDataSegments(); i++) {
    const { offset: start, data } = module.getDataSegmentInfo(module.getDataSegmentByIndex(i));
    const at = bytes.indexOf(Buffer.from(data));
    const segment = bytes.subarray(at, at + data.byteLength);

    const blank = (from, to) => segment.fill(0, from, to);
    const files = textsIn(segment).flatMap(({ from, text }) =>
      Array.from(text.matchAll(/[\w./-]+\/[\w./-]+\.rs(?!\w)/g), ({ index, 0: name }) => [
        from + index,
        from + index + name.length,
      ]),
    );
    for (const [from, to] of files) blank(from, to);
    for (let word = 0; word + 16 <= segment.length; word += 4) {
      const pointer = segment.readUInt32LE(word) - start;
      const isPlace = files.some(([from, to]) => pointer >= from && pointer < to);
      if (isPlace && !read.has(start + word)) blank(word, word + 16);
      else read.add(start + pointer);
    }
    for (const { from, text } of textsIn(segment)) {
      const used = Array.from(text, (_, i) => from + i).find((place) => read.has(start + place));
      blank(from, used ?? from + text.length);
    }
  }
}

/** Texts of at least twelve characters. */
function textsIn(segment) {
  return Array.from(segment.toString('latin1').matchAll(/[ -~]{12,}/g), ({ index, 0: text }) => ({
    from: index,
    text,
  }));
}
