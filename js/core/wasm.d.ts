declare module '*_bg.wasm' {
  /** Decodes the bytes, which the build has inlined. */
  const bytes: () => Uint8Array<ArrayBuffer>;
  export default bytes;
}

declare module '*/engine.wasm' {
  /** The host has compiled the file. */
  const engine: WebAssembly.Module;
  export default engine;
}

declare module '*/engine.wasm?module' {
  const engine: WebAssembly.Module;
  export default engine;
}
