import { check, checkContexts } from './check.ts';

console.log(`${await check()}, ${await checkContexts()}`);
