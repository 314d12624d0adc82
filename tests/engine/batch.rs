//! The section "A batch".

use crate::world::{Answer, Effect, NO_WINDOW, Outcome, Phase, WINDOW, World};
use groupcommit::engine::Options;

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
fn what_has_no_room_when_the_window_closes_begins_the_next_batch_and_others_join_it() {
    let world = World::new(Options { max_operations: 3, ..WINDOW });
    world.run("alice");
    world.run("alice");
    world.step();
    world.freeze(100.0);
    world.run("alice");
    world.run("alice");
    world.answer(Phase::Load, Answer::Hangs);
    world.fire_timer();
    world.run("alice");
    world.happened();
    world.complete("alice");
    assert_eq!(world.happened(), ["100 execute alice 4", "100 execute alice 5"]);
}

#[test]
fn the_window_closes_at_max_operations() {
    let world = World::new(Options { max_operations: 2, ..WINDOW });
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
    let world = World::new(Options { max_operations: 2, ..WINDOW });
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
fn the_rest_is_joined_by_what_arrives_while_the_batch_saves_and_keeps_its_place_before_it() {
    let world = World::new(Options { max_operations: 2, ..WINDOW });
    world.answer(Phase::Save, Answer::Hangs);
    for _ in 0..3 {
        world.run("alice");
    }
    world.advance(10.0);
    world.run("alice");
    world.run("alice");
    world.step();
    world.happened();
    world.complete("alice");
    assert_eq!(
        world.happened(),
        ["10 settle alice 1 2", "10 load alice", "10 execute alice 3", "10 execute alice 4", "10 save alice"]
    );
}

#[test]
fn max_operations_counts_the_operations_that_ran_also_those_that_threw_or_only_read() {
    let world = World::new(Options { max_operations: 3, ..WINDOW });
    world.answer(Phase::Load, Answer::Hangs);
    let cancelled = [world.run("alice"), world.run("alice")];
    world.throw("alice");
    world.read("alice");
    world.step();
    cancelled.iter().for_each(|run| world.cancel(run));
    world.complete("alice");
    world.advance(10.0);
    world.run("alice");
    world.step();
    assert_eq!(
        world.happened(),
        [
            "0 load alice",
            "0 execute alice 3",
            "0 execute alice 4",
            "10 execute alice 5",
            "10 save alice",
            "10 settle alice 3 4 5",
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
fn without_a_window_what_an_operation_queues_still_belongs_to_the_batch() {
    let world = World::new(NO_WINDOW);
    let caller = world.clone();
    world.run_with("alice", move || {
        caller.run("alice");
        Effect::Changes
    });
    world.step();
    assert_eq!(
        world.happened(),
        ["0 load alice", "0 execute alice 1", "0 execute alice 2", "0 save alice", "0 settle alice 1 2"]
    );
}

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
    let world = World::new(Options { max_operations: 2, ..WINDOW });
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

#[test]
fn a_batch_in_which_no_operation_succeeded_saves_nothing() {
    let world = World::new(WINDOW);
    let caller = world.clone();
    world.read("alice");
    world.throw("alice");
    world.run_with("alice", move || {
        caller.throw("alice");
        Effect::Reads
    });
    world.advance(100.0);
    assert_eq!(
        world.happened(),
        [
            "0 load alice",
            "0 execute alice 1",
            "0 execute alice 2",
            "0 execute alice 3",
            "0 execute alice 4",
            "100 settle alice 1 2 3 4",
        ]
    );
}

#[test]
fn a_batch_of_which_all_runs_were_cancelled_saves_nothing_and_takes_what_still_comes() {
    let world = World::new(WINDOW);
    world.answer(Phase::Load, Answer::Hangs);
    let runs = [world.run("alice"), world.run("alice"), world.run("bob")];
    world.advance(10.0);
    runs.iter().for_each(|run| world.cancel(run));
    world.complete("alice");
    world.complete("bob");
    world.advance(10.0);
    world.run("alice");
    world.advance(80.0);
    assert_eq!(
        world.happened(),
        ["0 load alice", "0 load bob", "20 execute alice 4", "100 save alice", "100 settle alice 4", "100 settle bob"]
    );
}

#[test]
fn one_change_is_enough_for_a_save_wherever_in_the_batch_it_is() {
    for place in 0..3 {
        let world = World::new(WINDOW);
        for other in 0..3 {
            if other == place {
                world.run("alice")
            } else {
                world.read("alice")
            };
            world.advance(10.0);
        }
        world.advance(100.0);
        assert!(world.happened().contains(&"100 save alice".to_owned()), "change {place}");
    }
}

#[test]
fn a_change_of_one_batch_does_not_make_the_next_one_save() {
    let world = World::new(Options { max_operations: 1, ..WINDOW });
    world.run("alice");
    world.read("alice");
    world.step();
    world.read("alice");
    world.step();
    assert_eq!(
        world.happened(),
        [
            "0 load alice",
            "0 execute alice 1",
            "0 save alice",
            "0 settle alice 1",
            "0 load alice",
            "0 execute alice 2",
            "0 settle alice 2",
            "0 load alice",
            "0 execute alice 3",
            "0 settle alice 3",
        ]
    );
}

#[test]
fn when_the_batch_has_ended_all_its_runs_settle_together() {
    let world = World::new(WINDOW);
    world.answer(Phase::Save, Answer::Hangs);
    let runs = [world.run("alice"), world.throw("alice"), world.read("alice")];
    world.advance(1_000.0);
    assert!(runs.iter().all(|run| run.is_pending()));
    world.complete("alice");
    assert_eq!(runs.map(|run| run.outcome()), [Some(Outcome::Resolved), Some(Outcome::Threw), Some(Outcome::Resolved)]);
}

#[test]
fn a_key_with_nothing_to_do_costs_no_memory() {
    let keys: Vec<&'static str> = (0..10_000).map(|number| &*number.to_string().leak()).collect();
    let mut kept = None;
    let memory = allocation_counter::measure(|| {
        let world = World::new(WINDOW);
        world.silence();
        for key in &keys {
            world.read(key);
        }
        world.advance(50.0);
        assert_eq!(world.host().open_groups(), keys.len());
        world.advance(50.0);
        assert!(world.is_empty());
        kept = Some(world);
    });
    assert!(memory.bytes_max > 1_000_000, "{memory:?}");
    assert!(memory.bytes_current < 10_000, "{memory:?}");
}
