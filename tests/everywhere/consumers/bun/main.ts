import { check, checkContexts } from './check';

console.log(`${await check()}, ${await checkContexts()}`);
