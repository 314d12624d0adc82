const { readFileSync } = require('node:fs');
const { initialize } = require('groupcommit/slim');
const { check } = require('./check-slim.cjs');

initialize(readFileSync(require.resolve('groupcommit/engine.wasm')));
check().then(console.log);
