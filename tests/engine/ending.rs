//! The section "Ending".

use crate::world::{Answer, Effect, NO_WINDOW, Outcome, Phase, WINDOW, World};
use groupcommit::engine::Options;
use std::rc::Rc;

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
        let world = World::new(Options { max_operations: 2, ..WINDOW });
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
    for options in [WINDOW, NO_WINDOW] {
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
        assert_eq!(settled[0], "0 settle alice 1 2");
        world.advance(100.0);
        assert_eq!(world.stored("alice"), [1, 2, 3]);
        assert!(world.is_empty());
    }
}

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

#[test]
fn a_group_that_is_not_open_can_neither_be_flushed_nor_woken() {
    let world = World::new(WINDOW);
    world.run("alice");
    world.advance(50.0);
    for group in [1, 2, usize::MAX] {
        world.processor().flush(group);
        world.processor().done(group, Ok(()));
    }
    world.advance(50.0);
    assert_eq!(world.happened(), ["0 load alice", "0 execute alice 1", "100 save alice", "100 settle alice 1"]);
    for group in [0, 1, usize::MAX] {
        world.processor().flush(group);
        world.processor().done(group, Ok(()));
    }
    assert!(world.is_empty());
}

#[test]
fn an_outcome_that_no_call_has_come_to_changes_nothing() {
    let world = World::new(WINDOW);
    let told = |outcome| [0, 1, usize::MAX].map(|group| world.processor().done(group, outcome));
    told(Err("before any call"));
    let run = world.run("alice");
    told(Err("before the load"));
    world.answer(Phase::Save, Answer::Hangs);
    world.advance(50.0);
    told(Err("while the window is open"));
    world.advance(50.0);
    let group = world.host().answer_hanging("alice", Ok(()));
    world.processor().done(group, Ok(()));
    told(Err("once more"));
    world.step();
    assert_eq!(run.outcome(), Some(Outcome::Resolved));
    told(Err("after the end"));
    assert!(world.is_empty());
}
