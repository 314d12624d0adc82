import { initialize } from 'groupcommit/slim';
import { check } from './check-slim.mjs';

const worker = new Worker('compiler.js');
worker.onmessage = ({ data: engine }) => {
  initialize(engine);
  check().then(
    (line) => (document.title = line),
    (error) => (document.title = String(error)),
  );
};
worker.onerror = ({ message }) => (document.title = message || 'the worker has an error');
