import { check, checkContexts } from './check.mjs';

console.log(`${await check()}, ${await checkContexts()}`);
