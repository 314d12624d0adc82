//! Calls to lock, load and save: what must hold when they are made, and what comes of them.

use super::batch::{Execution, Lock};
use super::rest::waits_for_place;
use super::rules::hold;
use super::{ABORTED, Answer, CONFLICT, Cause, Host, LOST, Phase, lowercase};
use groupcommit::engine::Key;

impl Host {
    /// The engine makes a call for the batches of these keys.
    pub fn ask(&self, keys: &[Key], phase: Phase) {
        let turn = self.turn();
        let needs_lock = phase != Phase::Lock && self.has(Phase::Lock);
        for &key in keys {
            let mut states = self.keys.borrow_mut();
            let name = states.state(key).name;
            let batch = states.under_way(key);
            hold!(CallOrder, (batch.lock == Lock::Held) == needs_lock, "{phase:?} while the lock is {:?}", batch.lock);
            // Who has joined a call stays in it. It is made in the next turn.
            let may_have_joined = self.shares(phase) && batch.unwanted_in.is_none_or(|heard| heard + 2 >= turn);
            let is_late = batch.starts_over && batch.is_aborted && !self.shares(phase);
            hold!(Retries, !is_late, "{name} is loaded again although it has aborted");
            hold!(Cancelled, batch.live > 0 || may_have_joined, "nobody wants the batch of {name}");
            if phase == Phase::Save {
                let is_ready = batch.is_changed && batch.execution == Execution::Last;
                hold!(CallOrder, is_ready, "nothing to save of {name}");
            }
            batch.ask(phase, self.shares(phase).then_some(keys.len()), &self.machine);
            drop(states);
            self.machine.log(format_args!("{} {name}", lowercase(phase)));
        }
        if phase != Phase::Lock {
            let states = self.keys.borrow();
            let find = |key| states.each().find(|&(other, _)| other == key).map(|(_, state)| state);
            let is_flushed = |key| find(key).is_some_and(|state| state.batches[0].is_flushed());
            let waits = |key| find(key).is_some_and(waits_for_place);
            self.places.borrow_mut().take(keys, is_flushed, waits);
        }
    }

    /// Whether there is one call for several batches.
    pub fn shares(&self, phase: Phase) -> bool {
        phase != Phase::Lock && self.config.shares[phase as usize - 1]
    }

    /// What comes of a call that has just been made, if that is known at once.
    pub fn answer(&self, key: Key, phase: Phase) -> Option<Result<(), Cause>> {
        let mut keys = self.keys.borrow_mut();
        let batch = keys.under_way(key);
        let answer = self.answers[phase as usize].get();
        batch.gives_up = answer == Answer::GivesUp;
        match answer {
            Answer::Hangs => None,
            Answer::GivesUp => batch.is_aborted.then_some(Err(ABORTED)),
            Answer::Fails(cause) => Some(Err(cause)),
            Answer::Succeeds | Answer::Nothing => Some(Ok(())),
        }
    }

    /// What is under way for a key has come to this, or to a conflict. The engine is to be told.
    pub fn answered(&self, key: Key, outcome: Result<(), Cause>) -> Result<(), Cause> {
        let mut keys = self.keys.borrow_mut();
        let name = keys.state(key).name;
        let batch = keys.under_way(key);
        let is_saved = outcome.is_ok() || outcome == Err(LOST);
        let has_conflict =
            self.config.has_versions && batch.version != self.store.borrow().get(name).map_or(0, Vec::len);
        let is_save = batch.call.is_some_and(|(phase, _)| phase == Phase::Save);
        let outcome = if is_save && is_saved && has_conflict { Err(CONFLICT) } else { outcome };
        let phase = batch.answered(outcome, &self.machine);
        match phase {
            Phase::Load if outcome.is_ok() => self.load(name, batch),
            Phase::Save if is_saved && outcome != Err(CONFLICT) => {
                self.store.borrow_mut().insert(name, batch.resource.clone());
            }
            _ => {}
        }
        let mut places = self.places.borrow_mut();
        match phase {
            Phase::Lock if outcome.is_ok() && self.has(Phase::Load) => {
                // The engine hears in the next turn, unless it has asked in this one.
                places.ask_in(key, Phase::Load, self.machine.executor().turns() + 1);
            }
            Phase::Lock => {}
            Phase::Load | Phase::Save => places.give_back(key),
        }
        outcome
    }
}
