//! The engine, natively, in a virtual world. Every test has a sentence of the contract as its name.

#![cfg(not(target_arch = "wasm32"))]

mod batch;
mod caller;
mod cancelling;
mod deadlines;
mod errors;
mod exclusivity;
mod exhaustive;
mod flush;
mod flush_keys;
mod letters;
mod lock;
mod lock_failures;
mod metrics;
mod options;
mod places;
mod places_left;
mod saving;
mod simulation;
mod stop;
mod timers;
mod timers_left;
mod together;
mod windows;
mod world;
