import { check } from './check';

console.log(await check());
