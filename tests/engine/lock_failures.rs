//! The section "The lock": what comes of it otherwise.

use crate::world::{Answer, BatchError, NO_WINDOW, Outcome, Phase, WINDOW, World, at_most};

#[test]
fn a_lock_that_fails_ends_the_batch() {
    for answer in [Answer::Fails("taken"), Answer::Hangs] {
        let world = World::new(WINDOW);
        world.answer(Phase::Lock, answer);
        let runs = [world.run("alice"), world.read("alice")];
        world.step();
        if answer == Answer::Hangs {
            world.fail("alice", "taken");
        }
        assert_eq!(world.happened(), ["0 lock alice", "0 fail alice 1 2"]);
        let error = BatchError { phase: Phase::Lock, cause: "taken" };
        for run in runs {
            assert_eq!(run.outcome(), Some(Outcome::Failed(error.clone(), 0)));
        }
        assert!(world.is_empty());
    }
}

#[test]
fn a_lock_that_fails_takes_no_more_runs_with_it_than_a_batch_may_have() {
    let world = World::new(at_most(2, WINDOW));
    world.answer(Phase::Lock, Answer::Hangs);
    for _ in 0..3 {
        world.run("alice");
    }
    world.step();
    world.answer(Phase::Lock, Answer::Succeeds);
    world.fail("alice", "taken");
    assert_eq!(
        world.happened(),
        ["0 lock alice", "0 fail alice 1 2", "0 lock alice", "0 load alice", "0 execute alice 3"]
    );
}

#[test]
fn a_batch_is_not_held_up_where_there_is_nothing_to_lock() {
    let world = World::new(NO_WINDOW);
    world.answer(Phase::Lock, Answer::Nothing);
    world.run("alice");
    world.step();
    assert_eq!(world.happened(), ["0 load alice", "0 execute alice 1", "0 save alice", "0 settle alice 1"]);
}

#[test]
fn the_locks_of_different_keys_never_wait_for_each_other() {
    let world = World::new(NO_WINDOW);
    world.answer(Phase::Lock, Answer::Hangs);
    world.run("alice");
    world.step();
    world.answer(Phase::Lock, Answer::Succeeds);
    world.run("bob");
    world.step();
    assert_eq!(world.stored("bob"), [2]);
    assert_eq!(world.hanging("alice"), Some(Phase::Lock));
}

#[test]
fn flush_waits_for_the_lock() {
    let world = World::new(WINDOW);
    world.answer(Phase::Lock, Answer::Hangs);
    world.run("alice");
    world.step();
    let flush = world.flush_all();
    world.advance(10.0);
    assert!(!flush.is_done());
    world.complete("alice");
    assert!(flush.is_done());
    assert_eq!(world.stored("alice"), [1]);
}
