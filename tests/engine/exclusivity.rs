//! The section "A batch": one after the other.

use crate::world::{Answer, NO_WINDOW, Phase, WINDOW, World, at_most};

#[test]
fn without_a_window_what_arrives_while_a_save_is_under_way_forms_the_next_batch() {
    let world = World::new(NO_WINDOW);
    world.answer(Phase::Save, Answer::Hangs);
    world.run("alice");
    world.step();
    world.run("alice");
    world.run("alice");
    world.advance(10.0);
    assert_eq!(world.happened(), ["0 load alice", "0 execute alice 1", "0 save alice"]);
    world.complete("alice");
    assert_eq!(
        world.happened(),
        ["10 settle alice 1", "10 load alice", "10 execute alice 2", "10 execute alice 3", "10 save alice"]
    );
}

#[test]
fn while_a_batch_saves_further_runs_form_the_next_one_which_starts_when_the_save_has_settled_and_loads_again() {
    let world = World::new(WINDOW);
    world.answer(Phase::Save, Answer::Hangs);
    world.run("alice");
    world.advance(110.0);
    world.run("alice");
    world.advance(20.0);
    world.run("alice");
    world.advance(20.0);
    assert_eq!(world.happened(), ["0 load alice", "0 execute alice 1", "100 save alice"]);
    world.complete("alice");
    world.advance(100.0);
    assert_eq!(
        world.happened(),
        ["150 settle alice 1", "150 load alice", "150 execute alice 2", "150 execute alice 3", "250 save alice",]
    );
    world.complete("alice");
    assert_eq!(world.stored("alice"), [1, 2, 3]);
}

#[test]
fn a_key_is_never_loaded_twice_at_once_however_long_a_load_hangs() {
    let world = World::new(WINDOW);
    world.answer(Phase::Load, Answer::Hangs);
    world.run("alice");
    for _ in 0..100 {
        world.advance(50.0);
        world.run("alice");
    }
    assert_eq!(world.happened(), ["0 load alice", "200 abort alice"]);
    world.complete("alice");
    assert_eq!(world.stored("alice").len(), 101);
}

#[test]
fn a_key_is_never_loaded_or_saved_while_a_save_hangs() {
    let world = World::new(at_most(2, WINDOW));
    world.answer(Phase::Save, Answer::Hangs);
    world.run("alice");
    for _ in 0..100 {
        world.advance(50.0);
        world.run("alice");
        world.flush("alice");
    }
    assert_eq!(
        world.happened(),
        ["0 load alice", "0 execute alice 1", "50 execute alice 2", "50 save alice", "200 abort alice"]
    );
}

#[test]
fn the_batch_after_one_that_failed_loads_again() {
    let world = World::new(NO_WINDOW);
    world.answer(Phase::Load, Answer::Fails("gone"));
    world.run("alice");
    world.step();
    world.answer(Phase::Load, Answer::Succeeds);
    world.answer(Phase::Save, Answer::Fails("full"));
    world.run("alice");
    world.step();
    world.answer(Phase::Save, Answer::Succeeds);
    world.run("alice");
    world.step();
    assert_eq!(
        world.happened(),
        [
            "0 load alice",
            "0 fail alice 1",
            "0 load alice",
            "0 execute alice 2",
            "0 save alice",
            "0 fail alice 2",
            "0 load alice",
            "0 execute alice 3",
            "0 save alice",
            "0 settle alice 3",
        ]
    );
    assert_eq!(world.stored("alice"), [3]);
}

#[test]
fn different_keys_never_wait_for_each_other() {
    let world = World::new(WINDOW);
    world.answer(Phase::Load, Answer::Hangs);
    world.run("alice");
    world.step();
    world.answer(Phase::Load, Answer::Succeeds);
    world.answer(Phase::Save, Answer::Hangs);
    world.run("bob");
    world.advance(100.0);
    world.answer(Phase::Save, Answer::Succeeds);
    world.run("carol");
    world.run("bob");
    world.run("alice");
    world.advance(99.0);
    world.run("carol");
    world.advance(1.0);
    assert_eq!(
        world.happened(),
        [
            "0 load alice",
            "0 load bob",
            "0 execute bob 2",
            "100 save bob",
            "100 load carol",
            "100 execute carol 3",
            "199 execute carol 6",
            "200 abort alice",
            "200 abort bob",
            "200 save carol",
            "200 settle carol 3 6",
        ]
    );
}
