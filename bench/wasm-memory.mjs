/** What all WebAssembly memories span that are made after this module was loaded. @type {WeakRef<WebAssembly.Memory>[]} */
const memories = [];
const { Instance } = WebAssembly;
WebAssembly.Instance = /** @type {typeof Instance} */ (
  class extends Instance {
    /** @param {ConstructorParameters<typeof Instance>} args */
    constructor(...args) {
      super(...args);
      for (const value of Object.values(this.exports)) {
        if (value instanceof WebAssembly.Memory) memories.push(new WeakRef(value));
      }
    }
  }
);

/** In bytes. A memory never shrinks, but may be collected as a whole. */
export const wasmBytes = () =>
  memories.reduce((total, memory) => total + (memory.deref()?.buffer.byteLength ?? 0), 0);
