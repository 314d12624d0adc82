//! When a batch aborts.

use crate::world::{Answer, LONGEST_TIMER, NO_WINDOW, Phase, WINDOW, World, at_most};
use groupcommit::engine::Options;

#[test]
fn the_signal_aborts_at_max_duration_after_the_start_and_the_batch_goes_on() {
    let world = World::new(WINDOW);
    world.answer(Phase::Load, Answer::Hangs);
    world.advance(50.0);
    world.run("alice");
    world.advance(250.0);
    world.complete("alice");
    assert_eq!(
        world.happened(),
        ["50 load alice", "250 abort alice", "300 execute alice 1", "300 save alice", "300 settle alice 1"]
    );
}

#[test]
fn the_signal_aborts_while_the_batch_is_being_saved_too_and_once() {
    let world = World::new(WINDOW);
    world.answer(Phase::Save, Answer::Hangs);
    world.run("alice");
    world.advance(10_000.0);
    assert_eq!(world.happened(), ["0 load alice", "0 execute alice 1", "100 save alice", "200 abort alice"]);
    assert_eq!(world.timer(), None);
}

#[test]
fn a_batch_that_ended_before_does_not_abort_nor_does_the_one_that_follows() {
    let world = World::new(WINDOW);
    world.run("alice");
    world.advance(150.0);
    world.answer(Phase::Load, Answer::Hangs);
    world.run("alice");
    world.advance(199.0);
    world.complete("alice");
    world.advance(1_000.0);
    assert!(!world.happened().iter().any(|event| event.contains("abort")));
}

#[test]
fn the_signal_never_aborts_if_max_duration_is_infinite() {
    let world = World::new(Options { max_duration: f64::INFINITY, ..WINDOW });
    world.answer(Phase::Save, Answer::Hangs);
    world.run("alice");
    world.advance(1e12);
    assert_eq!(world.happened(), ["0 load alice", "0 execute alice 1", "100 save alice"]);
    assert_eq!(world.timer(), None);
}

#[test]
fn a_batch_without_a_window_can_have_a_max_duration() {
    let world = World::new(Options { max_duration: 50.0, ..NO_WINDOW });
    world.answer(Phase::Save, Answer::Hangs);
    world.run("alice");
    world.advance(60.0);
    assert_eq!(world.happened(), ["0 load alice", "0 execute alice 1", "0 save alice", "50 abort alice"]);
}

#[test]
fn min_duration_and_max_duration_can_be_the_same() {
    let world = World::new(Options { max_duration: 100.0, ..WINDOW });
    world.answer(Phase::Save, Answer::Hangs);
    world.run("alice");
    world.advance(100.0);
    assert_eq!(world.happened(), ["0 load alice", "0 execute alice 1", "100 abort alice", "100 save alice"]);
    world.complete("alice");
    assert!(world.is_empty());
}

#[test]
fn every_batch_has_its_own_time_from_its_start() {
    let world = World::new(WINDOW);
    world.answer(Phase::Save, Answer::Hangs);
    world.run("alice");
    world.advance(30.0);
    world.run("bob");
    world.step();
    let mut times = Vec::new();
    while let Some(at) = world.timer() {
        times.push(at);
        world.advance(at - world.now());
    }
    assert_eq!(times, [100.0, 130.0, 200.0, 230.0]);
    assert_eq!(
        world.happened(),
        [
            "0 load alice",
            "0 execute alice 1",
            "30 load bob",
            "30 execute bob 2",
            "100 save alice",
            "130 save bob",
            "200 abort alice",
            "230 abort bob",
        ]
    );
}

#[test]
fn a_max_duration_beyond_what_a_timer_can_hold_neither_comes_early_nor_gets_lost() {
    let world = World::new(Options { max_duration: 2.5 * LONGEST_TIMER, ..WINDOW });
    world.answer(Phase::Save, Answer::Hangs);
    world.run("alice");
    world.advance(3.0 * LONGEST_TIMER);
    assert_eq!(
        world.happened(),
        [
            "0 load alice".to_owned(),
            "0 execute alice 1".to_owned(),
            "100 save alice".to_owned(),
            format!("{} abort alice", 2.5 * LONGEST_TIMER),
        ]
    );
}

#[test]
fn the_longest_min_duration_is_held() {
    let world = World::new(Options { min_duration: LONGEST_TIMER, max_duration: f64::MAX, ..WINDOW });
    world.advance(0.5);
    world.run("alice");
    world.advance(LONGEST_TIMER);
    let saved = world.happened().remove(2);
    assert_eq!(saved, format!("{} save alice", LONGEST_TIMER + 0.5));
    assert!(world.is_empty());
}

#[test]
fn the_batches_of_one_crowd_of_runs_have_deadlines_of_their_own() {
    let world = World::new(at_most(2, WINDOW));
    world.answer(Phase::Save, Answer::Hangs);
    for _ in 0..3 {
        world.run("alice");
    }
    world.advance(50.0);
    world.complete("alice");
    world.advance(1_000.0);
    assert_eq!(
        world.happened(),
        [
            "0 load alice",
            "0 execute alice 1",
            "0 execute alice 2",
            "0 save alice",
            "50 settle alice 1 2",
            "50 load alice",
            "50 execute alice 3",
            "150 save alice",
            "250 abort alice",
        ]
    );
}
