//! The section "Ending": stop, and a processor that is dropped.

use crate::world::{Answer, Effect, NO_WINDOW, Outcome, Phase, WINDOW, World};
use std::rc::Rc;

#[test]
fn stop_accepts_no_new_runs_and_flushes() {
    let world = World::new(WINDOW);
    world.answer(Phase::Load, Answer::Hangs);
    world.run("alice");
    world.step();
    let stop = world.stop();
    for key in ["alice", "bob"] {
        assert_eq!(world.run(key).outcome(), Some(Outcome::Stopped));
    }
    world.advance(10.0);
    assert!(!stop.is_done());
    world.complete("alice");
    assert!(stop.is_done());
    assert_eq!(world.happened(), ["0 load alice", "10 execute alice 1", "10 save alice", "10 settle alice 1"]);
    assert!(world.is_empty());
    assert_eq!(world.run("alice").outcome(), Some(Outcome::Stopped));
}

#[test]
fn stop_saves_what_waits_behind_a_save() {
    let world = World::new(WINDOW);
    world.answer(Phase::Save, Answer::Hangs);
    world.run("alice");
    world.advance(100.0);
    let waiting = world.run("alice");
    let stop = world.stop();
    world.answer(Phase::Save, Answer::Succeeds);
    world.complete("alice");
    assert!(stop.is_done());
    assert_eq!(waiting.outcome(), Some(Outcome::Resolved));
    assert_eq!(world.stored("alice"), [1, 2]);
}

#[test]
fn stop_is_idempotent() {
    let world = World::new(WINDOW);
    assert!(world.stop().is_done());
    assert!(world.stop().is_done());
    let world = World::new(WINDOW);
    world.run("alice");
    let stops = [world.stop(), world.stop()];
    assert!(!stops.iter().any(|stop| stop.is_done()));
    world.step();
    assert!(stops.iter().all(|stop| stop.is_done()));
    assert_eq!(world.happened(), ["0 load alice", "0 execute alice 1", "0 save alice", "0 settle alice 1"]);
}

#[test]
fn an_operation_can_stop_the_processor_and_gets_no_further_run() {
    let world = World::new(WINDOW);
    let caller = world.clone();
    world.run_with("alice", move || {
        caller.stop();
        assert_eq!(caller.run("alice").outcome(), Some(Outcome::Stopped));
        Effect::Changes
    });
    world.step();
    assert_eq!(world.happened(), ["0 load alice", "0 execute alice 1", "0 save alice", "0 settle alice 1"]);
    assert!(world.is_empty());
}

#[test]
fn a_processor_that_is_dropped_without_stop_leaks_nothing_once_its_batches_ended() {
    for (options, hanging) in [(WINDOW, Phase::Load), (WINDOW, Phase::Save), (NO_WINDOW, Phase::Load)] {
        let world = World::new(options);
        world.answer(hanging, Answer::Succeeds);
        let machine = world.machine();
        let runs = [world.run("alice"), world.run("bob")];
        drop(world);
        machine.advance(100.0);
        for run in runs {
            assert_eq!(run.outcome(), Some(Outcome::Resolved));
        }
        assert_eq!(Rc::strong_count(&machine), 1, "something of the processor is left");
    }
}

#[test]
fn a_processor_that_is_dropped_unused_leaks_nothing() {
    let world = World::new(WINDOW);
    let machine = world.machine();
    drop(world);
    assert_eq!(Rc::strong_count(&machine), 1);
}
