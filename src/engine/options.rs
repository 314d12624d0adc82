//! What a processor can be told.

/// All durations are in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// A batch stays open at least this long.
    pub min_duration: f64,
    /// The batch is asked to abort then. Infinity: never.
    pub max_duration: f64,
    /// The most loads and saves under way at once. `u32::MAX`: any number.
    pub concurrency: u32,
    /// How often a batch starts over after a conflict.
    pub retries: u32,
    /// The most batches in one call that loads or saves several. `u32::MAX`: any number.
    pub max_keys: u32,
}

/// The option that is out of range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionsError {
    MinDuration,
    MaxDuration,
    Concurrency,
    MaxKeys,
}

/// The longest that a host's timer can wait: what fits in 31 bits.
pub(crate) const LONGEST_TIMER: f64 = 2_147_483_647.0;

impl Options {
    pub fn check(&self) -> Result<(), OptionsError> {
        if !(0.0..=LONGEST_TIMER).contains(&self.min_duration) {
            return Err(OptionsError::MinDuration);
        }
        if self.max_duration.is_nan() || self.max_duration < self.min_duration {
            return Err(OptionsError::MaxDuration);
        }
        if self.concurrency == 0 {
            return Err(OptionsError::Concurrency);
        }
        if self.max_keys == 0 {
            return Err(OptionsError::MaxKeys);
        }
        Ok(())
    }
}

impl OptionsError {
    /// The name of the option, as JavaScript knows it.
    pub fn option(self) -> &'static str {
        match self {
            Self::MinDuration => "minDuration",
            Self::MaxDuration => "maxDuration",
            Self::Concurrency => "concurrency",
            Self::MaxKeys => "maxKeys",
        }
    }
}
