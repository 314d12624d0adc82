//! The section "A batch": when its window closes.

use crate::world::{Answer, Effect, NO_WINDOW, Phase, WINDOW, World, at_most};

#[test]
fn the_window_closes_min_duration_after_the_start_whenever_the_load_ended_before() {
    let world = World::new(WINDOW);
    world.answer(Phase::Load, Answer::Hangs);
    world.run("alice");
    world.advance(40.0);
    world.complete("alice");
    world.advance(1_000.0);
    assert_eq!(world.happened(), ["0 load alice", "40 execute alice 1", "100 save alice", "100 settle alice 1"]);
}

#[test]
fn the_window_closes_when_the_load_ends_if_that_is_later() {
    for took in [100.0, 150.0] {
        let world = World::new(WINDOW);
        world.answer(Phase::Load, Answer::Hangs);
        world.run("alice");
        world.advance(90.0);
        world.run("alice");
        world.advance(took - 90.0);
        world.run("alice");
        assert_eq!(world.happened(), ["0 load alice"]);
        world.complete("alice");
        let happened = ["execute alice 1", "execute alice 2", "execute alice 3", "save alice", "settle alice 1 2 3"];
        assert_eq!(world.happened(), happened.map(|event| format!("{took} {event}")));
    }
}

#[test]
fn the_window_closes_when_the_load_ends_also_if_the_timer_is_late() {
    for took in [100.0, 150.0] {
        let world = World::new(WINDOW);
        world.answer(Phase::Load, Answer::Hangs);
        world.run("alice");
        world.step();
        world.freeze(took);
        world.complete("alice");
        let happened = [
            "0 load alice".into(),
            format!("{took} execute alice 1"),
            format!("{took} save alice"),
            format!("{took} settle alice 1"),
        ];
        assert_eq!(world.happened(), happened);
    }
}

#[test]
fn the_window_closes_at_max_operations() {
    let world = World::new(at_most(2, WINDOW));
    world.run("alice");
    world.advance(10.0);
    world.run("alice");
    world.advance(10.0);
    world.run("alice");
    world.step();
    assert_eq!(
        world.happened(),
        [
            "0 load alice",
            "0 execute alice 1",
            "10 execute alice 2",
            "10 save alice",
            "10 settle alice 1 2",
            "20 load alice",
            "20 execute alice 3",
        ]
    );
}

#[test]
fn of_what_waits_max_operations_run_and_the_rest_forms_the_next_batch() {
    let world = World::new(at_most(2, WINDOW));
    for _ in 0..5 {
        world.run("alice");
    }
    world.advance(1_000.0);
    assert_eq!(
        world.happened(),
        [
            "0 load alice",
            "0 execute alice 1",
            "0 execute alice 2",
            "0 save alice",
            "0 settle alice 1 2",
            "0 load alice",
            "0 execute alice 3",
            "0 execute alice 4",
            "0 save alice",
            "0 settle alice 3 4",
            "0 load alice",
            "0 execute alice 5",
            "100 save alice",
            "100 settle alice 5",
        ]
    );
}

#[test]
fn what_waits_when_the_window_closes_still_runs() {
    let world = World::new(WINDOW);
    world.run("alice");
    world.step();
    world.freeze(100.0);
    world.run("alice");
    world.fire_timer();
    assert_eq!(
        world.happened(),
        ["0 load alice", "0 execute alice 1", "100 execute alice 2", "100 save alice", "100 settle alice 1 2",]
    );
}

#[test]
fn what_the_last_operations_queue_forms_the_next_batch() {
    let world = World::new(WINDOW);
    world.answer(Phase::Load, Answer::Hangs);
    let caller = world.clone();
    world.run_with("alice", move || {
        caller.run("alice");
        Effect::Changes
    });
    world.run("alice");
    world.advance(150.0);
    world.answer(Phase::Load, Answer::Succeeds);
    world.complete("alice");
    world.advance(100.0);
    assert_eq!(
        world.happened(),
        [
            "0 load alice",
            "150 execute alice 1",
            "150 execute alice 2",
            "150 save alice",
            "150 settle alice 1 2",
            "150 load alice",
            "150 execute alice 3",
            "250 save alice",
            "250 settle alice 3",
        ]
    );
}

#[test]
fn without_a_window_a_batch_is_saved_as_soon_as_the_waiting_operations_ran() {
    let world = World::new(NO_WINDOW);
    world.answer(Phase::Load, Answer::Hangs);
    world.run("alice");
    world.advance(10.0);
    world.run("alice");
    world.complete("alice");
    assert_eq!(
        world.happened(),
        ["0 load alice", "10 execute alice 1", "10 execute alice 2", "10 save alice", "10 settle alice 1 2"]
    );
}

#[test]
fn without_a_window_what_an_operation_queues_forms_the_next_batch() {
    let world = World::new(NO_WINDOW);
    let caller = world.clone();
    world.run_with("alice", move || {
        caller.run("alice");
        Effect::Changes
    });
    world.step();
    let happened = world.happened().join(", ");
    assert!(happened.contains("0 save alice, 0 settle alice 1, 0 load alice, 0 execute alice 2"), "{happened}");
}
