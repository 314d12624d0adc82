//! How a batch fails.

use std::error::Error;
use std::fmt;

/// What a batch asks the host for, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Get hold of the resource.
    Lock,
    Load,
    Save,
}

/// What a call came to that did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure<E> {
    pub cause: E,
    /// Somebody else has changed the resource since it was loaded, and nothing has been saved.
    pub is_conflict: bool,
}

/// Why a batch failed. Nothing of it has been saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchError<E> {
    pub phase: Phase,
    pub cause: E,
}

impl<E> fmt::Display for BatchError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.phase {
            Phase::Lock => "the resource could not be locked",
            Phase::Load => "the resource could not be loaded",
            Phase::Save => "the resource could not be saved",
        })
    }
}

impl<E: Error + 'static> Error for BatchError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.cause)
    }
}
