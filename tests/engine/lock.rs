//! The section "The lock": when it is gotten and released.

use crate::world::{Answer, Config, Effect, NO_WINDOW, Phase, WINDOW, World, at_most};

fn locking(config: impl Into<Config>) -> World {
    let world = World::new(config);
    world.answer(Phase::Lock, Answer::Succeeds);
    world
}

#[test]
fn the_lock_is_gotten_before_the_load_and_released_after_the_save_has_settled() {
    let world = locking(WINDOW);
    world.answer(Phase::Save, Answer::Hangs);
    world.run("alice");
    world.advance(150.0);
    world.complete("alice");
    assert_eq!(
        world.happened(),
        [
            "0 lock alice",
            "0 load alice",
            "0 execute alice 1",
            "100 save alice",
            "150 release alice",
            "150 settle alice 1",
        ]
    );
}

#[test]
fn nothing_is_loaded_before_the_lock_is_there() {
    let world = World::new(WINDOW);
    world.answer(Phase::Lock, Answer::Hangs);
    world.run("alice");
    world.advance(30.0);
    world.run("alice");
    world.advance(20.0);
    assert_eq!(world.happened(), ["0 lock alice"]);
    world.complete("alice");
    world.advance(50.0);
    assert_eq!(
        world.happened(),
        [
            "50 load alice",
            "50 execute alice 1",
            "50 execute alice 2",
            "100 save alice",
            "100 release alice",
            "100 settle alice 1 2",
        ]
    );
}

#[test]
fn a_lock_that_comes_later_than_the_window_would_have_closed_is_waited_for() {
    let world = World::new(WINDOW);
    world.answer(Phase::Lock, Answer::Hangs);
    world.run("alice");
    world.advance(500.0);
    world.complete("alice");
    assert_eq!(
        world.happened(),
        [
            "0 lock alice",
            "200 abort alice",
            "500 load alice",
            "500 execute alice 1",
            "500 save alice",
            "500 release alice",
            "500 settle alice 1",
        ]
    );
}

#[test]
fn the_lock_is_released_when_the_load_fails() {
    let world = locking(WINDOW);
    world.answer(Phase::Load, Answer::Fails("gone"));
    world.run("alice");
    world.step();
    assert_eq!(world.happened(), ["0 lock alice", "0 load alice", "0 release alice", "0 fail alice 1"]);
}

#[test]
fn the_lock_is_released_when_the_save_fails() {
    let world = locking(NO_WINDOW);
    world.answer(Phase::Save, Answer::Fails("full"));
    world.run("alice");
    world.step();
    assert_eq!(
        world.happened(),
        ["0 lock alice", "0 load alice", "0 execute alice 1", "0 save alice", "0 release alice", "0 fail alice 1"]
    );
}

#[test]
fn the_lock_is_released_when_there_is_nothing_to_save() {
    let world = locking(NO_WINDOW);
    world.answer(Phase::Load, Answer::Hangs);
    world.throw("alice");
    world.step();
    world.complete("alice");
    let cancelled = world.run("alice");
    world.step();
    world.cancel(&cancelled);
    world.complete("alice");
    assert_eq!(
        world.happened(),
        [
            "0 lock alice",
            "0 load alice",
            "0 execute alice 1",
            "0 release alice",
            "0 settle alice 1",
            "0 lock alice",
            "0 load alice",
            "0 release alice",
            "0 settle alice",
        ]
    );
}

#[test]
fn the_lock_is_released_also_if_the_batch_has_aborted() {
    let world = locking(WINDOW);
    world.answer(Phase::Save, Answer::Hangs);
    world.run("alice");
    world.advance(1_000.0);
    world.fail("alice", "aborted");
    assert_eq!(world.happened()[4..], ["200 abort alice", "1000 release alice", "1000 fail alice 1"]);
}

#[test]
fn every_batch_gets_the_lock_anew_after_the_one_before_has_released_it() {
    let world = locking(at_most(1, WINDOW));
    world.run("alice");
    world.run("alice");
    let caller = world.clone();
    world.run_with("alice", move || {
        caller.flush("alice");
        caller.run("alice");
        Effect::Reads
    });
    world.step();
    let locks: Vec<_> =
        world.happened().into_iter().filter(|event| event.contains("lock") || event.contains("release")).collect();
    assert_eq!(locks, ["0 lock alice", "0 release alice"].repeat(4));
}
