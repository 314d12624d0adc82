//! The section "Ending": which keys and batches a flush reaches.

use crate::world::{Answer, Effect, NO_WINDOW, Phase, WINDOW, World, at_most};

#[test]
fn flush_of_a_key_leaves_the_others_open() {
    let world = World::new(WINDOW);
    world.run("alice");
    world.run("bob");
    world.advance(10.0);
    world.happened();
    world.flush("bob");
    world.step();
    assert_eq!(world.happened(), ["10 save bob", "10 settle bob 2"]);
    world.advance(90.0);
    assert_eq!(world.happened(), ["100 save alice", "100 settle alice 1"]);
}

#[test]
fn flush_of_everything_leaves_no_key_open() {
    let world = World::new(WINDOW);
    world.run("alice");
    world.run("bob");
    world.run("carol");
    world.advance(10.0);
    let flush = world.flush_all();
    world.step();
    assert!(flush.is_done());
    assert!(world.is_empty());
}

#[test]
fn flush_of_a_key_that_has_no_batch_is_done_at_once() {
    let world = World::new(WINDOW);
    assert!(world.flush("alice").is_done());
    assert!(world.flush_all().is_done());
    world.run("alice");
    world.advance(100.0);
    assert!(world.flush("alice").is_done());
}

#[test]
fn flush_is_done_whatever_the_outcome_of_the_runs_is() {
    let world = World::new(WINDOW);
    world.answer(Phase::Load, Answer::Hangs);
    let cancelled = world.run("alice");
    world.run("bob");
    world.run("carol");
    world.step();
    let flush = world.flush_all();
    world.cancel(&cancelled);
    world.answer(Phase::Save, Answer::Fails("full"));
    world.fail("bob", "gone");
    assert!(!flush.is_done());
    world.complete("carol");
    assert!(flush.is_done());
}

#[test]
fn flush_closes_every_batch_that_it_needs_when_max_operations_are_fewer_than_wait() {
    for hanging in [Phase::Load, Phase::Save] {
        let world = World::new(at_most(2, WINDOW));
        world.answer(hanging, Answer::Hangs);
        for _ in 0..5 {
            world.run("alice");
        }
        world.step();
        let flush = world.flush_all();
        world.run("alice");
        world.answer(hanging, Answer::Succeeds);
        world.complete("alice");
        let settled: Vec<_> = world.happened().into_iter().filter(|event| event.contains("settle")).collect();
        assert_eq!(settled, ["0 settle alice 1 2", "0 settle alice 3 4", "0 settle alice 5"]);
        assert!(flush.is_done());
        world.advance(100.0);
        assert_eq!(world.happened(), ["100 save alice", "100 settle alice 6"]);
    }
}

#[test]
fn an_operation_can_flush_its_own_key() {
    for (options, first) in [(WINDOW, "0 settle alice 1 2"), (NO_WINDOW, "0 settle alice 1")] {
        let world = World::new(options);
        let caller = world.clone();
        world.run_with("alice", move || {
            caller.run("alice");
            caller.flush("alice");
            caller.run("alice");
            Effect::Changes
        });
        world.step();
        let settled: Vec<_> = world.happened().into_iter().filter(|event| event.contains("settle")).collect();
        assert_eq!(settled[0], first);
        world.advance(100.0);
        assert_eq!(world.stored("alice"), [1, 2, 3]);
        assert!(world.is_empty());
    }
}
