// Loaded before anything else (node --import): takes away what the package finds AsyncLocalStorage by. So it is in browsers.

process.getBuiltinModule = /** @type {any} */ (undefined);
