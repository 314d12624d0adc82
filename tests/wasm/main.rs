//! The bindings, as JavaScript sees them. The host of the engine is the one in host.js; it makes the exported class itself.

#![cfg(target_arch = "wasm32")]

use groupcommit as _;

mod attempts;
mod batches;
mod host;
mod letters;
mod metrics;
mod options;
mod timers;
mod together;
