const { check } = require('./check.cjs');

check().then(console.log);
