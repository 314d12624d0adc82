import { check } from './check.mjs';

check().then(
  (line) => (document.title = line),
  (error) => (document.title = String(error)),
);
