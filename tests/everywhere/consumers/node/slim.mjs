import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { initialize } from 'groupcommit/slim';
import { check, checkContexts } from './check-slim.mjs';

initialize(await readFile(fileURLToPath(import.meta.resolve('groupcommit/engine.wasm'))));
console.log(`${await check()}, ${await checkContexts()}`);
