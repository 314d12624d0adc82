//! The rules of batching: which run joins which batch, when a window closes, what is loaded, saved and settled, and when.
//!
//! Read [`Host`] for the words, then `service.rs` and `life.rs`, the life of a key and of one batch from top to bottom.
//!
//! ```
//! use groupcommit::engine::{Options, OptionsError};
//!
//! let options = Options { min_duration: 100.0, max_duration: 200.0, concurrency: u32::MAX, retries: 0, max_keys: u32::MAX };
//! assert_eq!(options.check(), Ok(()));
//! assert_eq!(Options { min_duration: -1.0, ..options }.check(), Err(OptionsError::MinDuration));
//! ```

#![forbid(unsafe_code)]

mod batch;
mod deadlines;
mod error;
mod host;
mod life;
mod metrics;
mod options;
mod places;
mod processor;
mod queue;
mod service;
mod together;

pub use error::{BatchError, Failure, Phase};
pub use host::{Begun, Executed, Host, Key, Window};
pub use metrics::Metric;
pub use options::{Options, OptionsError};
pub use processor::Processor;
