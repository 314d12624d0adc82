import { check } from './check-by-url.mjs';

self.onconnect = ({ ports: [port] }) => {
  check().then(
    (line) => port.postMessage(line),
    (error) => port.postMessage(String(error)),
  );
};
