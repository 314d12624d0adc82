import url from 'groupcommit/engine.wasm?url';
import { initialize } from 'groupcommit/slim';
import { check } from './check-slim.mjs';

initialize(await WebAssembly.compileStreaming(fetch(url)));
document.title = await check();
