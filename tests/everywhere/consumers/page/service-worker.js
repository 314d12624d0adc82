import { check } from './check-by-url.mjs';

self.addEventListener('message', (event) => {
  event.waitUntil(
    check().then(
      (line) => event.source.postMessage(line),
      (error) => event.source.postMessage(String(error)),
    ),
  );
});
