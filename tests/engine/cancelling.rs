//! The section "What a caller gets": cancelling.

use crate::world::{Answer, BatchError, NO_WINDOW, Outcome, Phase, WINDOW, World, at_most};

fn failed(phase: Phase, cause: &'static str, operations: u32) -> Option<Outcome> {
    Some(Outcome::Failed(BatchError { phase, cause }, operations))
}

#[test]
fn a_run_that_is_cancelled_while_it_waits_for_the_load_never_runs() {
    let world = World::new(WINDOW);
    world.answer(Phase::Load, Answer::Hangs);
    let runs = [world.run("alice"), world.run("alice"), world.run("alice")];
    world.step();
    world.cancel(&runs[1]);
    assert_eq!(runs[1].outcome(), Some(Outcome::Cancelled));
    world.complete("alice");
    world.advance(100.0);
    assert_eq!(
        world.happened(),
        ["0 load alice", "0 execute alice 1", "0 execute alice 3", "100 save alice", "100 settle alice 1 3"]
    );
}

#[test]
fn a_run_that_was_cancelled_has_no_part_in_the_failure_of_the_load() {
    let world = World::new(WINDOW);
    world.answer(Phase::Load, Answer::Hangs);
    let runs = [world.run("alice"), world.run("alice")];
    world.step();
    world.cancel(&runs[0]);
    world.fail("alice", "gone");
    assert_eq!(runs[0].outcome(), Some(Outcome::Cancelled));
    assert_eq!(runs[1].outcome(), failed(Phase::Load, "gone", 0));
}

#[test]
fn when_all_that_wait_behind_a_save_are_cancelled_no_batch_starts() {
    let world = World::new(WINDOW);
    world.answer(Phase::Save, Answer::Hangs);
    world.run("alice");
    world.advance(100.0);
    let runs = [world.run("alice"), world.run("alice")];
    world.step();
    runs.iter().for_each(|run| world.cancel(run));
    world.complete("alice");
    assert_eq!(world.happened(), ["0 load alice", "0 execute alice 1", "100 save alice", "100 settle alice 1"]);
    assert!(world.is_empty());
}

#[test]
fn when_all_beyond_max_operations_are_cancelled_no_batch_starts() {
    let world = World::new(at_most(1, NO_WINDOW));
    world.answer(Phase::Save, Answer::Hangs);
    world.run("alice");
    let rest = world.run("alice");
    world.step();
    world.cancel(&rest);
    world.complete("alice");
    assert_eq!(world.happened(), ["0 load alice", "0 execute alice 1", "0 save alice", "0 settle alice 1"]);
    assert!(world.is_empty());
}

#[test]
fn what_comes_after_the_cancelled_ones_behind_a_save_forms_the_next_batch() {
    let world = World::new(NO_WINDOW);
    world.answer(Phase::Save, Answer::Hangs);
    world.run("alice");
    world.step();
    let cancelled = world.run("alice");
    world.step();
    world.cancel(&cancelled);
    world.flush("alice");
    world.run("alice");
    world.answer(Phase::Save, Answer::Succeeds);
    world.complete("alice");
    assert_eq!(world.stored("alice"), [1, 3]);
    assert!(world.is_empty());
}

#[test]
fn any_number_of_batches_whose_runs_were_all_cancelled_can_wait_behind_a_save() {
    let world = World::new(WINDOW);
    world.silence();
    world.answer(Phase::Save, Answer::Hangs);
    world.run("alice");
    world.advance(100.0);
    for _ in 0..50_000 {
        let run = world.run("alice");
        world.cancel(&run);
        world.close("alice");
    }
    world.complete("alice");
    assert!(world.is_empty());
    assert_eq!(world.stored("alice"), [1]);
}

#[test]
fn after_its_operation_ran_a_run_waits_for_the_batch_whatever_becomes_of_its_signal() {
    let world = World::new(WINDOW);
    let run = world.run("alice");
    world.step();
    world.cancel(&run);
    assert_eq!(run.outcome(), None);
    world.advance(100.0);
    assert_eq!(run.outcome(), Some(Outcome::Resolved));
}
