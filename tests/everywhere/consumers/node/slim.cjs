const { readFileSync } = require('node:fs');
const { initialize } = require('groupcommit/slim');
const { check, checkContexts } = require('./check-slim.cjs');

initialize(readFileSync(require.resolve('groupcommit/engine.wasm')));
check().then(async (line) => console.log(`${line}, ${await checkContexts()}`));
