//! The rules of batching: which run joins which batch, when a window closes, what is loaded, saved and settled, and when.
//!
//! Read [`Host`] for the words, then `batch.rs`, the life of one batch from top to bottom.
//!
//! ```
//! use groupcommit::engine::{Options, OptionsError};
//!
//! let options = Options { min_duration: 100.0, max_duration: 200.0, max_operations: u32::MAX };
//! assert_eq!(options.check(), Ok(()));
//! assert_eq!(Options { min_duration: -1.0, ..options }.check(), Err(OptionsError::MinDuration));
//! ```

#![forbid(unsafe_code)]

mod batch;
mod deadlines;
mod group;
mod host;
mod metrics;
mod options;
mod processor;

pub use batch::{BatchError, Phase};
pub use host::{Executed, GroupId, Host};
pub use metrics::Metric;
pub use options::{Options, OptionsError};
pub use processor::{Processor, Stopped};
