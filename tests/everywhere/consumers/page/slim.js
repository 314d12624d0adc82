import { initialize } from 'groupcommit/slim';
import { check } from './check-slim.mjs';

initialize(await WebAssembly.compileStreaming(fetch('/node_modules/groupcommit/dist/engine.wasm')));
document.title = await check();
