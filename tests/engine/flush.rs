//! The section "Ending": flush.

use crate::world::{Answer, Phase, WINDOW, World};

#[test]
fn from_flush_to_the_save_of_a_loaded_batch_no_time_passes() {
    let world = World::new(WINDOW);
    world.run("alice");
    world.advance(10.0);
    let flush = world.flush_all();
    assert!(!flush.is_done());
    world.step();
    assert!(flush.is_done());
    assert_eq!(world.happened(), ["0 load alice", "0 execute alice 1", "10 save alice", "10 settle alice 1"]);
    assert!(world.is_empty());
}

#[test]
fn flush_saves_what_was_accepted_just_before_it() {
    let world = World::new(WINDOW);
    world.run("alice");
    world.advance(10.0);
    world.run("alice");
    world.flush_all();
    world.step();
    assert_eq!(
        world.happened(),
        ["0 load alice", "0 execute alice 1", "10 execute alice 2", "10 save alice", "10 settle alice 1 2"]
    );
}

#[test]
fn flush_reaches_a_batch_that_has_not_even_begun_to_load() {
    let world = World::new(WINDOW);
    world.run("alice");
    world.flush_all();
    world.step();
    assert_eq!(world.happened(), ["0 load alice", "0 execute alice 1", "0 save alice", "0 settle alice 1"]);
    assert!(world.is_empty());
}

#[test]
fn operations_that_wait_for_a_load_run_when_it_is_there() {
    let world = World::new(WINDOW);
    world.answer(Phase::Load, Answer::Hangs);
    world.run("alice");
    world.run("alice");
    world.step();
    let flush = world.flush_all();
    world.advance(20.0);
    assert!(!flush.is_done());
    assert_eq!(world.happened(), ["0 load alice"]);
    world.complete("alice");
    assert!(flush.is_done());
    assert_eq!(world.happened(), ["20 execute alice 1", "20 execute alice 2", "20 save alice", "20 settle alice 1 2"]);
}

#[test]
fn what_comes_after_a_flush_forms_the_next_batch_with_a_window_of_its_own() {
    let world = World::new(WINDOW);
    world.answer(Phase::Load, Answer::Hangs);
    world.run("alice");
    world.advance(10.0);
    let flush = world.flush_all();
    world.run("alice");
    world.advance(10.0);
    world.answer(Phase::Load, Answer::Succeeds);
    world.complete("alice");
    assert!(flush.is_done());
    world.advance(100.0);
    assert_eq!(
        world.happened(),
        [
            "0 load alice",
            "20 execute alice 1",
            "20 save alice",
            "20 settle alice 1",
            "20 load alice",
            "20 execute alice 2",
            "120 save alice",
            "120 settle alice 2",
        ]
    );
}

#[test]
fn what_comes_after_a_flush_forms_the_next_batch_also_in_the_same_turn() {
    let world = World::new(WINDOW);
    world.run("alice");
    world.advance(10.0);
    world.flush_all();
    world.run("alice");
    world.step();
    assert_eq!(
        world.happened(),
        [
            "0 load alice",
            "0 execute alice 1",
            "10 save alice",
            "10 settle alice 1",
            "10 load alice",
            "10 execute alice 2",
        ]
    );
}

#[test]
fn what_waits_behind_a_save_forms_a_batch_whose_window_closes_at_once() {
    let world = World::new(WINDOW);
    world.answer(Phase::Save, Answer::Hangs);
    world.run("alice");
    world.advance(100.0);
    world.run("alice");
    let flush = world.flush_all();
    world.run("alice");
    world.advance(10.0);
    assert_eq!(world.happened(), ["0 load alice", "0 execute alice 1", "100 save alice"]);

    world.complete("alice");
    assert_eq!(world.happened(), ["110 settle alice 1", "110 load alice", "110 execute alice 2", "110 save alice"]);
    assert!(!flush.is_done());

    world.answer(Phase::Save, Answer::Succeeds);
    world.complete("alice");
    assert!(flush.is_done());
    world.advance(100.0);
    assert_eq!(
        world.happened(),
        ["110 settle alice 2", "110 load alice", "110 execute alice 3", "210 save alice", "210 settle alice 3",]
    );
}

#[test]
fn each_flush_behind_a_save_closes_what_it_finds() {
    let world = World::new(WINDOW);
    world.answer(Phase::Save, Answer::Hangs);
    world.run("alice");
    world.advance(100.0);
    let flushes = [1, 2, 3].map(|_| {
        world.run("alice");
        world.run("alice");
        world.flush("alice")
    });
    world.answer(Phase::Save, Answer::Succeeds);
    world.happened();
    world.complete("alice");
    let settled: Vec<_> = world.happened().into_iter().filter(|event| event.contains("settle")).collect();
    assert_eq!(settled, ["100 settle alice 1", "100 settle alice 2 3", "100 settle alice 4 5", "100 settle alice 6 7"]);
    assert!(flushes.iter().all(|flush| flush.is_done()));
    assert!(world.is_empty());
}
