//! What must hold when everything has come to its end.

use super::driver::Driver;
use crate::world::{Effect, LOST, Outcome, Phase, Run, hold};
use std::rc::Rc;

pub fn check(driver: &Driver) {
    let pending = driver.runs.borrow().iter().filter(|run| run.is_pending()).count();
    hold!(AllSettle, pending == 0, "{pending} runs are pending");
    hold!(NothingLeft, driver.world.is_empty(), "something is left over");
    check_settled(driver);
}

/// What must hold for each key whose runs have settled.
pub fn check_settled(driver: &Driver) {
    let world = &driver.world;
    let saves = world.host().has(Phase::Save);
    for (name, runs) in driver.by_name() {
        if runs.iter().any(|run| run.is_pending()) {
            continue;
        }
        runs.iter().for_each(|run| check_outcome(run));
        let (mut stored, mut elsewhere) = (world.stored(name), driver.elsewhere.borrow().clone());
        elsewhere.retain(|(changed, _)| *changed == name);
        for (_, number) in elsewhere {
            let place = stored.iter().position(|&other| other == number);
            hold!(Stored, place.is_some(), "a change of {name} is lost that was made elsewhere");
            place.map(|place| stored.remove(place));
        }
        hold!(Stored, stored.is_sorted_by(|a, b| a < b), "{name} is {stored:?}");
        let mut is_stored = vec![false; runs.len()];
        for number in &stored {
            let place = runs.binary_search_by_key(number, |run| run.number);
            hold!(Stored, place.is_ok(), "{name} has a run of another key: {number}");
            is_stored[place.unwrap_or(0)] = true;
        }
        check_batches(&runs, &is_stored, saves);
    }
}

/// A run has settled with the outcome that befits what became of its operation.
fn check_outcome(run: &Run) {
    let number = run.number;
    let befits = match run.effect() {
        Some(Effect::Throws | Effect::ChangesAndThrows) => Outcome::Threw,
        Some(Effect::Changes | Effect::Reads) => Outcome::Resolved,
        None => Outcome::Cancelled,
    };
    match run.outcome().expect("it has settled") {
        Outcome::Failed(error, operations) => {
            let is_executed = error.phase == Phase::Save;
            hold!(OneSettlement, is_executed == run.effect().is_some(), "{number} failed with {error:?}");
            hold!(OneSettlement, is_executed == (operations > 0), "{number} failed after {operations} operations");
        }
        Outcome::Stopped => hold!(Cancelled, run.effect().is_none(), "{number} was refused and ran"),
        outcome => hold!(OneSettlement, outcome == befits, "{number} settled with {outcome:?} instead of {befits:?}"),
    }
}

/// Batch by batch: what is stored of it is what its callers were told.
fn check_batches(runs: &[Rc<Run>], is_stored: &[bool], saves: bool) {
    let mut from = 0;
    for batch in runs.chunk_by(|a, b| a.batch.get() == b.batch.get()) {
        let stored = &is_stored[from..from + batch.len()];
        from += batch.len();
        let failed = batch.iter().find_map(|run| match run.outcome() {
            Some(Outcome::Failed(error, _)) => Some(error),
            _ => None,
        });
        let has_changed = batch.iter().any(|run| run.effect() == Some(Effect::Changes));
        let is_saved = saves && has_changed && failed.as_ref().is_none_or(|error| error.cause == LOST);
        for (run, &is_stored) in batch.iter().zip(stored) {
            let number = run.number;
            let is_cancelled = matches!(run.outcome(), Some(Outcome::Cancelled | Outcome::Stopped));
            let is_failed = matches!(run.outcome(), Some(Outcome::Failed(..)));
            hold!(Together, is_cancelled || is_failed == failed.is_some(), "{number} is told otherwise than its batch");
            if is_failed {
                hold!(AllOrNothing, is_stored == (is_saved && run.is_changing()), "{number}: {is_stored}");
            } else if run.outcome() == Some(Outcome::Resolved) {
                let is_changing = run.effect() == Some(Effect::Changes);
                hold!(Stored, is_stored == (is_saved && is_changing), "{number}: {is_stored}");
            } else {
                let is_changing = run.effect() == Some(Effect::ChangesAndThrows);
                hold!(ErrorNotStored, is_stored == (is_saved && is_changing), "{number}: {is_stored}");
            }
        }
    }
}
