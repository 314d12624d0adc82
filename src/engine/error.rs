//! How a batch fails.

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
