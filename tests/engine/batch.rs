//! The section "A batch": how it begins.

use crate::world::{Answer, Effect, NO_WINDOW, Phase, WINDOW, World};

#[test]
fn a_resource_is_loaded_once_every_operation_runs_on_it_in_turn_and_it_is_saved_once() {
    let world = World::new(WINDOW);
    world.run("alice");
    world.run("alice");
    world.run("alice");
    world.advance(100.0);
    assert_eq!(
        world.happened(),
        [
            "0 load alice",
            "0 execute alice 1",
            "0 execute alice 2",
            "0 execute alice 3",
            "100 save alice",
            "100 settle alice 1 2 3",
        ]
    );
    assert_eq!(world.stored("alice"), [1, 2, 3]);
}

#[test]
fn the_first_run_on_a_key_that_has_no_batch_starts_one_and_its_clock_starts_then() {
    let world = World::new(WINDOW);
    world.advance(50.0);
    world.run("alice");
    world.advance(30.0);
    world.run("alice");
    world.advance(1_000.0);
    world.run("alice");
    world.advance(1_000.0);
    assert_eq!(
        world.happened(),
        [
            "50 load alice",
            "50 execute alice 1",
            "80 execute alice 2",
            "150 save alice",
            "150 settle alice 1 2",
            "1080 load alice",
            "1080 execute alice 3",
            "1180 save alice",
            "1180 settle alice 3",
        ]
    );
}

#[test]
fn the_resource_is_loaded_eagerly_and_not_inside_the_call_of_run() {
    let world = World::new(WINDOW);
    world.answer(Phase::Load, Answer::Hangs);
    world.run("alice");
    assert!(world.happened().is_empty());
    world.step();
    assert_eq!(world.happened(), ["0 load alice"]);
}

#[test]
fn once_the_resource_is_loaded_what_waits_runs_in_the_order_of_the_calls_and_later_ones_as_they_arrive() {
    let world = World::new(WINDOW);
    world.answer(Phase::Load, Answer::Hangs);
    world.run("alice");
    world.advance(10.0);
    world.run("alice");
    world.run("alice");
    world.advance(10.0);
    world.complete("alice");
    world.advance(10.0);
    world.run("alice");
    world.advance(1.0);
    world.run("alice");
    world.run("alice");
    world.step();
    assert_eq!(
        world.happened(),
        [
            "0 load alice",
            "20 execute alice 1",
            "20 execute alice 2",
            "20 execute alice 3",
            "30 execute alice 4",
            "31 execute alice 5",
            "31 execute alice 6",
        ]
    );
}

#[test]
fn an_operation_never_runs_inside_the_call_of_run_itself() {
    for options in [WINDOW, NO_WINDOW] {
        let world = World::new(options);
        world.run("alice");
        assert!(world.happened().is_empty(), "not when it starts a batch");
        world.step();
        world.happened();
        world.run("alice");
        assert!(world.happened().is_empty(), "not when the resource is there already");
    }
}

#[test]
fn an_operation_that_calls_run_on_its_own_key_gets_queued_behind_itself() {
    for options in [WINDOW, NO_WINDOW] {
        let world = World::new(options);
        let caller = world.clone();
        world.run_with("alice", move || {
            caller.run("alice");
            caller.run("alice");
            Effect::Changes
        });
        world.run("alice");
        let mut turns = Vec::new();
        while world.turn() {
            let executed: Vec<_> = world.happened().into_iter().filter(|event| event.contains("execute")).collect();
            if !executed.is_empty() {
                turns.push(executed.join(", "));
            }
        }
        // Those that an operation queues run in a later turn of the executor, behind all that had been waiting.
        assert_eq!(turns, ["0 execute alice 1, 0 execute alice 2", "0 execute alice 3, 0 execute alice 4"]);
    }
}
