import { initialize } from 'groupcommit/slim';
import { check } from './check-slim.mjs';

const engine = new URL('groupcommit/engine.wasm', import.meta.url);
initialize(await WebAssembly.compileStreaming(fetch(engine)));
document.title = await check();
