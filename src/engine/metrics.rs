//! What a batch has to tell about itself.

use super::Phase;

/// The metric of one ended batch. Durations are in milliseconds, and those of phases 0 for what did not take place or was not observed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Metric {
    /// When the batch started, on the clock of [`Host::now`](super::Host::now).
    pub start: f64,
    pub lock_duration: f64,
    pub load_duration: f64,
    pub save_duration: f64,
    pub total_duration: f64,
    /// 1, and 1 more for each time that the batch started over.
    pub attempts: u32,
    /// How many batches were in the call that loaded it, and in the one that saved it; 0 if there was none.
    pub loaded_together: u32,
    pub saved_together: u32,
}

impl Metric {
    pub(crate) fn together(&mut self, phase: Phase, count: u32) {
        match phase {
            Phase::Lock => {}
            Phase::Load => self.loaded_together = count,
            Phase::Save => self.saved_together = count,
        }
    }

    pub(crate) fn duration_of(&mut self, phase: Phase) -> &mut f64 {
        match phase {
            Phase::Lock => &mut self.lock_duration,
            Phase::Load => &mut self.load_duration,
            Phase::Save => &mut self.save_duration,
        }
    }
}
