//! The engine, natively, in a virtual world. Every test has a sentence of the contract as its name.

#![cfg(not(target_arch = "wasm32"))]

mod batch;
mod caller;
mod deadlines;
mod ending;
mod lock;
mod metrics;
mod options;
mod sequences;
mod world;
