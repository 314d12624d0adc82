//! The deadlines of all batches, behind the one timer of the host.

use crate::world::{Answer, Key, LONGEST_TIMER, NO_WINDOW, Phase, WINDOW, World};
use groupcommit::engine::Options;

const FAR: f64 = 86_400_000.0;

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
fn the_batches_of_all_keys_share_one_timer_which_is_set_for_the_earliest_deadline() {
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
fn a_batch_whose_deadline_is_not_the_earliest_does_not_set_the_timer_again() {
    let world = World::new(WINDOW);
    world.run("alice");
    world.step();
    for key in ["bob", "carol", "dave"] {
        world.run(key);
        world.advance(10.0);
        world.close(key);
        world.step();
    }
    assert_eq!(world.timers(), 1);
}

#[test]
fn deadlines_that_are_due_together_are_met_together() {
    let world = World::new(WINDOW);
    for key in ["alice", "bob", "carol"] {
        world.run(key);
    }
    world.step();
    world.happened();
    world.freeze(100.0);
    world.fire_timer();
    assert_eq!(world.host().open_groups(), 0);
}

#[test]
fn a_timer_that_goes_off_early_is_set_again() {
    let world = World::new(WINDOW);
    world.answer(Phase::Save, Answer::Hangs);
    world.run("alice");
    world.advance(99.5);
    world.fire_timer();
    world.fire_timer();
    assert_eq!(world.happened(), ["0 load alice", "0 execute alice 1"]);
    assert_eq!(world.timer(), Some(100.0));
    world.advance(100.0);
    world.fire_timer();
    assert_eq!(world.timer(), Some(200.0));
    world.advance(0.5);
    assert_eq!(world.happened(), ["100 save alice", "200 abort alice"]);
}

#[test]
fn a_timer_that_goes_off_late_closes_the_window_late_and_the_time_left_to_save_stays_the_same() {
    let world = World::new(WINDOW);
    world.answer(Phase::Save, Answer::Hangs);
    world.run("alice");
    world.step();
    world.freeze(60_000.0);
    world.fire_timer();
    assert_eq!(world.happened(), ["0 load alice", "0 execute alice 1", "60000 save alice"]);
    world.advance(99.0);
    assert_eq!(world.happened(), [""; 0]);
    world.advance(1.0);
    assert_eq!(world.happened(), ["60100 abort alice"]);
}

#[test]
fn a_timer_that_goes_off_late_delays_no_batch_that_starts_after_it() {
    let world = World::new(WINDOW);
    world.answer(Phase::Save, Answer::Hangs);
    world.run("alice");
    world.step();
    world.freeze(60_000.0);
    world.fire_timer();
    world.run("bob");
    world.happened();
    world.advance(1_000.0);
    assert_eq!(
        world.happened(),
        ["60000 load bob", "60000 execute bob 2", "60100 abort alice", "60100 save bob", "60200 abort bob"]
    );
}

#[test]
fn a_late_window_of_one_key_does_not_hold_up_the_abort_of_another_that_was_flushed() {
    let world = World::new(WINDOW);
    world.answer(Phase::Save, Answer::Hangs);
    world.run("alice");
    world.advance(50.0);
    world.run("bob");
    world.flush("bob");
    world.step();
    world.happened();
    world.freeze(60_000.0);
    world.fire_timer();
    world.advance(100.0);
    assert_eq!(world.happened(), ["60050 save alice", "60150 abort alice", "60150 abort bob"]);
}

#[test]
fn a_timer_that_is_late_while_the_load_is_under_way_still_aborts_it() {
    let world = World::new(WINDOW);
    world.answer(Phase::Load, Answer::Hangs);
    world.run("alice");
    world.step();
    world.freeze(60_000.0);
    world.fire_timer();
    world.advance(100.0);
    let aborted = world.happened().pop();
    assert!(aborted.is_some_and(|event| event.ends_with("abort alice")));
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
fn no_timer_is_left_when_nothing_is_pending() {
    let world = World::new(Options { max_duration: FAR, ..WINDOW });
    world.run("alice");
    world.run("bob");
    world.advance(10.0);
    world.flush("alice");
    world.step();
    assert_eq!(world.timer(), Some(100.0));
    world.advance(90.0);
    assert_eq!(world.timer(), None);
    world.answer(Phase::Load, Answer::Fails("gone"));
    world.run("alice");
    world.step();
    assert_eq!(world.timer(), None);
    // A timer is set again for what comes after that.
    world.answer(Phase::Load, Answer::Succeeds);
    world.run("alice");
    world.advance(100.0);
    assert_eq!(world.stored("alice"), [1, 4]);
}

#[test]
fn no_timer_is_set_where_there_is_no_deadline() {
    let world = World::new(NO_WINDOW);
    world.answer(Phase::Save, Answer::Hangs);
    world.run("alice");
    world.step();
    assert_eq!(world.timer(), None);
}

#[test]
fn the_batches_of_one_crowd_of_runs_have_deadlines_of_their_own() {
    let world = World::new(Options { max_operations: 2, ..WINDOW });
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

#[test]
fn a_window_that_was_late_makes_no_other_batch_of_the_same_runs_late() {
    let world = World::new(Options { max_operations: 1, ..WINDOW });
    world.answer(Phase::Load, Answer::Hangs);
    world.run("alice");
    world.run("alice");
    world.step();
    world.freeze(1_000.0);
    world.fire_timer();
    world.complete("alice");
    world.happened();
    world.advance(1_000.0);
    assert_eq!(world.happened(), ["1200 abort alice"]);
}

/// The most memory that so many batches of one key have in use at one time, each of them ending long before its deadline, while so many
/// other keys have a batch that does not end.
fn memory_of(batches: usize, others: &[Key], options: Options) -> u64 {
    let memory = allocation_counter::measure(|| {
        let world = World::new(options);
        world.silence();
        world.answer(Phase::Load, Answer::Hangs);
        for key in others {
            world.run(key);
        }
        world.read("alice");
        world.step();
        for _ in 0..batches {
            world.close("alice");
            world.read("alice");
            world.complete("alice");
        }
    });
    memory.bytes_max
}

#[test]
fn a_hot_key_with_a_far_deadline_costs_no_more_memory_the_longer_it_is_hot() {
    for options in [Options { max_duration: FAR, ..NO_WINDOW }, Options { max_duration: FAR, ..WINDOW }] {
        assert_eq!(memory_of(1_000, &["bob"], options), memory_of(10_000, &["bob"], options));
    }
}

#[test]
fn a_hot_key_with_a_far_deadline_costs_little_also_among_many_others() {
    let others: Vec<Key> = (0..2_000).map(|number| &*number.to_string().leak()).collect();
    let options = Options { max_duration: FAR, ..WINDOW };
    let memory = memory_of(1, &others, options);
    assert!(memory_of(20_000, &others, options) < 4 * memory);
}
