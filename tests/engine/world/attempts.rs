//! A batch that starts over, and the end of its time.

use super::batch::{Batch, Execution};
use super::rules::hold;
use super::{ABORTED, Host, Phase};
use groupcommit::engine::Key;
use std::mem;

impl Host {
    /// The batch of a key starts over.
    pub fn next_attempt(&self, key: Key) {
        let turn = self.turn();
        let mut keys = self.keys.borrow_mut();
        let name = keys.state(key).name;
        let batch = keys.under_way(key);
        let Some(conflict) = batch.conflict.take() else {
            hold!(Retries, false, "{name} starts over without a conflict");
            return;
        };
        hold!(Retries, self.may_start_over(batch), "{name} starts over after {} attempts", batch.attempts);
        // Platforms round: a timer may go off a fraction of a millisecond early.
        let is_over = self.now_at_most() + 1.0 > conflict + self.pause(batch);
        hold!(Pause, is_over || batch.is_flushed(), "{name} starts over at once");
        batch.asked[Phase::Load as usize] = false;
        batch.asked[Phase::Save as usize] = false;
        batch.starts_over = true;
        drop(keys);
        self.machine.log(format_args!("start over {name}"));
        if self.has(Phase::Load) {
            self.places.borrow_mut().ask(key, Phase::Load, turn);
        }
    }

    /// Whether a batch that has a conflict has a further attempt.
    pub fn may_start_over(&self, batch: &Batch) -> bool {
        batch.attempts <= self.config.options.retries && !batch.is_aborted
    }

    /// The time after an attempt.
    pub fn pause(&self, batch: &Batch) -> f64 {
        let longest = 5.0 * f64::from(batch.attempts - 1).exp2();
        self.config.random * longest.min(1_000.0)
    }

    /// The batch of a key has reached its maximal duration.
    pub fn aborts(&self, key: Key) {
        let mut keys = self.keys.borrow_mut();
        let is_there = keys.find(key).is_some_and(|state| state.batch().start.is_some());
        hold!(Abort, is_there, "no batch of the key {key} is under way");
        let name = keys.state(key).name;
        let batch = keys.under_way(key);
        let start = batch.start.expect("the batch has started").at;
        let is_over = self.now_at_most() >= start + self.config.options.max_duration;
        hold!(Abort, !batch.is_aborted, "the batch of {name} aborts twice");
        hold!(Abort, is_over, "the batch of {name} aborts early");
        batch.is_aborted = true;
        self.machine.log(format_args!("abort {name}"));
        if batch.call.is_some() && batch.gives_up {
            self.to_tell.borrow_mut().push((key, Err(ABORTED)));
        }
    }
}

impl Batch {
    /// Whether it is still to be loaded.
    pub fn is_wanted(&self) -> bool {
        self.live > 0 && !(self.starts_over && self.is_aborted)
    }

    /// The next attempt begins, if there is one.
    pub fn begin_attempt(&mut self) {
        if mem::take(&mut self.starts_over) {
            self.attempts += 1;
            self.error = None;
            self.is_loaded = false;
            self.is_changed = false;
            self.execution = Execution::Not;
            self.next = 0;
            self.operations = 0;
            self.runs.iter().for_each(|run| run.start_over());
        }
    }
}
