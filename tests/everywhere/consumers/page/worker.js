import { check } from './check-by-url.mjs';

check().then(postMessage, (error) => postMessage(String(error)));
