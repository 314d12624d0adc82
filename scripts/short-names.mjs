// Short names for what the engine and its glue know each other by. wasm-bindgen's have hashes, which do not compress, and stand in both.

/**
 * A short name for each import and export of a module.
 * @param {Uint8Array} bytes
 * @returns {Map<string, string>}
 */
export function shortNames(bytes) {
  const module = new WebAssembly.Module(bytes);
  const imports = WebAssembly.Module.imports(module).flatMap(({ module, name }) => [module, name]);
  const exports = WebAssembly.Module.exports(module).map(({ name }) => name);
  const names = new Set([...imports, ...exports].filter((name) => name !== 'memory'));
  return new Map([...names].map((name, i) => [name, `$${i.toString(36)}`]));
}

/** The glue with the short names, as identifiers and as properties. */
export function renameInGlue(text, names) {
  return text.replace(/\.\/[\w.]+|[\w$]+/g, (word) => names.get(word) ?? word);
}

/**
 * The module with the short names in its import and export sections.
 * @param {Uint8Array} bytes
 * @param {Map<string, string>} names
 */
export function renameInModule(bytes, names) {
  const reader = new Reader(bytes, 8);
  const output = [...bytes.subarray(0, 8)];
  while (reader.at < bytes.length) {
    const id = reader.byte();
    const section = reader.bytes(reader.number());
    const renamed =
      id === 2 ? renameImports(section, names) : id === 7 ? renameExports(section, names) : section;
    output.push(id, ...number(renamed.length), ...renamed);
  }
  return Uint8Array.from(output);
}

function renameImports(section, names) {
  const reader = new Reader(section);
  const count = reader.number();
  const output = number(count);
  for (let i = 0; i < count; i++) {
    output.push(...string(names.get(reader.string())), ...string(names.get(reader.string())));
    const kind = reader.byte();
    // The engine brings its own memory, tables and globals.
    if (kind !== 0) throw new Error('An import of the engine is no function');
    output.push(kind, ...number(reader.number()));
  }
  return output;
}

function renameExports(section, names) {
  const reader = new Reader(section);
  const count = reader.number();
  const output = number(count);
  for (let i = 0; i < count; i++) {
    const name = reader.string();
    output.push(...string(names.get(name) ?? name), reader.byte(), ...number(reader.number()));
  }
  return output;
}

/** Reads what the binary format of WebAssembly is made of. */
class Reader {
  constructor(source, at = 0) {
    this.source = source;
    this.at = at;
  }

  byte() {
    return this.source[this.at++];
  }

  /** An unsigned number, in LEB128. */
  number() {
    let result = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.byte();
      result += (byte % 128) * factor;
      if (byte < 128) return result;
    }
  }

  bytes(length) {
    this.at += length;
    return this.source.subarray(this.at - length, this.at);
  }

  string() {
    return Buffer.from(this.bytes(this.number())).toString();
  }
}

function number(value) {
  return value < 128 ? [value] : [128 + (value % 128), ...number(Math.floor(value / 128))];
}

function string(text) {
  const bytes = Buffer.from(text);
  return [...number(bytes.length), ...bytes];
}
