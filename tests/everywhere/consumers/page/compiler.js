WebAssembly.compileStreaming(fetch('/node_modules/groupcommit/dist/engine.wasm')).then(postMessage);
