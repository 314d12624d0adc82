//! The engine's host, in JavaScript's terms. The only place that knows of JavaScript.

mod errors;
mod host;
mod processor;
