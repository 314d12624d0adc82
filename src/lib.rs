//! The engine of the npm package `groupcommit`.
//!
//! Many callers change the same record. It is loaded once, every change runs on it in turn, it is saved once, and each
//! caller learns the outcome of that save.
//!
//! The house has two floors:
//!
//! - [`engine`], the ground floor: the rules, in pure Rust. It knows no JavaScript, has no clock and does no I/O; all that
//!   it asks of the world is the trait [`engine::Host`]. `tests/engine` drives it with a virtual clock.
//! - `js`, the upper floor: the engine's host in JavaScript's terms, and the one class exported to it. It exists on
//!   wasm32 only; what a user of the package calls is the TypeScript face in the folder `js/` of the repository.

pub mod engine;

#[cfg(target_arch = "wasm32")]
mod js;

/// A quarter of the size of the default allocator, and in constant time.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();
