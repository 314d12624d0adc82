//! What a batch has to tell about itself.

use super::Phase;

/// The metric of one ended batch. Durations are in milliseconds, and 0 for what did not take place or was not observed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Metric {
    /// When the batch started, on the clock of [`Host::now`](super::Host::now).
    pub start: f64,
    /// The number of operations that ran.
    pub operations: u32,
    pub lock_duration: f64,
    pub load_duration: f64,
    pub save_duration: f64,
    pub total_duration: f64,
}

impl Metric {
    pub(crate) fn duration_of(&mut self, phase: Phase) -> &mut f64 {
        match phase {
            Phase::Lock => &mut self.lock_duration,
            Phase::Load => &mut self.load_duration,
            Phase::Save => &mut self.save_duration,
        }
    }
}
