//! The section "What a caller gets".

use crate::world::{Answer, BatchError, Outcome, Phase, WINDOW, World};

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
