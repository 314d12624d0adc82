const { check, checkContexts } = require('./check.cjs');

check().then(async (line) => console.log(`${line}, ${await checkContexts()}`));
