//! The section "What a caller gets".

use crate::world::{Answer, BatchError, NO_WINDOW, Outcome, Phase, WINDOW, World};
use groupcommit::engine::Options;

fn failed(phase: Phase, cause: &'static str, operations: u32) -> Option<Outcome> {
    Some(Outcome::Failed(BatchError { phase, cause }, operations))
}

#[test]
fn a_run_resolves_after_the_save_succeeded() {
    let world = World::new(WINDOW);
    world.answer(Phase::Save, Answer::Hangs);
    let run = world.run("alice");
    world.advance(100.0);
    assert_eq!(world.hanging("alice"), Some(Phase::Save));
    assert_eq!(run.outcome(), None);
    world.complete("alice");
    assert_eq!(run.outcome(), Some(Outcome::Resolved));
}

#[test]
fn a_read_resolves_when_the_batch_has_ended_and_never_shows_what_was_not_saved() {
    let world = World::new(WINDOW);
    world.answer(Phase::Save, Answer::Fails("full"));
    world.run("alice");
    let read = world.read("alice");
    world.advance(99.0);
    assert_eq!(read.outcome(), None);
    world.advance(1.0);
    assert_eq!(read.outcome(), failed(Phase::Save, "full", 2));
}

#[test]
fn an_operation_that_throws_rejects_its_own_caller_only_once_the_batch_has_ended() {
    let world = World::new(WINDOW);
    let runs = [world.run("alice"), world.throw("alice"), world.run("alice")];
    world.advance(99.0);
    assert!(runs.iter().all(|run| run.is_pending()));
    world.advance(1.0);
    assert_eq!(runs.map(|run| run.outcome()), [Some(Outcome::Resolved), Some(Outcome::Threw), Some(Outcome::Resolved)]);
    assert_eq!(world.stored("alice"), [1, 3]);
}

#[test]
fn an_operation_that_threw_gets_the_error_of_its_batch_if_that_fails() {
    let world = World::new(WINDOW);
    world.answer(Phase::Save, Answer::Fails("full"));
    let runs = [world.throw("alice"), world.run("alice")];
    world.advance(100.0);
    for run in runs {
        assert_eq!(run.outcome(), failed(Phase::Save, "full", 2));
    }
}

#[test]
fn a_load_that_fails_rejects_every_run_that_had_joined_and_saves_nothing() {
    let world = World::new(WINDOW);
    world.answer(Phase::Load, Answer::Hangs);
    let runs = [world.run("alice"), world.read("alice")];
    world.advance(150.0);
    let late = world.run("alice");
    world.fail("alice", "gone");
    assert_eq!(world.happened(), ["0 load alice", "150 fail alice 1 2 3"]);
    for run in [&runs[0], &runs[1], &late] {
        assert_eq!(run.outcome(), failed(Phase::Load, "gone", 0));
    }
    assert!(world.is_empty());
}

#[test]
fn a_load_that_fails_at_once_does_so_too() {
    let world = World::new(WINDOW);
    world.answer(Phase::Load, Answer::Fails("gone"));
    let run = world.run("alice");
    world.step();
    assert_eq!(run.outcome(), failed(Phase::Load, "gone", 0));
    assert_eq!(world.happened(), ["0 load alice", "0 fail alice 1"]);
}

#[test]
fn a_load_that_fails_ends_the_batch_and_what_comes_after_that_forms_the_next() {
    let world = World::new(WINDOW);
    world.answer(Phase::Load, Answer::Fails("gone"));
    world.run("alice");
    world.advance(10.0);
    world.answer(Phase::Load, Answer::Succeeds);
    let run = world.run("alice");
    world.advance(100.0);
    assert_eq!(
        world.happened(),
        [
            "0 load alice",
            "0 fail alice 1",
            "10 load alice",
            "10 execute alice 2",
            "110 save alice",
            "110 settle alice 2",
        ]
    );
    assert_eq!(run.outcome(), Some(Outcome::Resolved));
}

#[test]
fn a_load_that_fails_takes_no_more_runs_with_it_than_a_batch_may_have() {
    let world = World::new(Options { max_operations: 2, ..WINDOW });
    world.answer(Phase::Load, Answer::Hangs);
    let cancelled = world.run("alice");
    for _ in 0..3 {
        world.run("alice");
    }
    world.step();
    world.cancel(&cancelled);
    world.answer(Phase::Load, Answer::Succeeds);
    world.fail("alice", "gone");
    world.advance(100.0);
    assert_eq!(
        world.happened(),
        [
            "0 load alice",
            "0 fail alice 2 3",
            "0 load alice",
            "0 execute alice 4",
            "100 save alice",
            "100 settle alice 4",
        ]
    );
}

#[test]
fn a_save_that_fails_rejects_every_run_of_the_batch_and_leaves_those_that_wait_for_the_next_untouched() {
    let world = World::new(WINDOW);
    world.answer(Phase::Save, Answer::Hangs);
    let runs = [world.run("alice"), world.run("alice")];
    world.advance(100.0);
    let next = world.run("alice");
    world.step();
    world.answer(Phase::Save, Answer::Succeeds);
    world.fail("alice", "full");
    for run in runs {
        assert_eq!(run.outcome(), failed(Phase::Save, "full", 2));
    }
    assert_eq!(next.outcome(), None);
    world.advance(100.0);
    assert_eq!(next.outcome(), Some(Outcome::Resolved));
    assert_eq!(world.stored("alice"), [3]);
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
    let world = World::new(Options { max_operations: 1, ..NO_WINDOW });
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
