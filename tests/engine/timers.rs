//! Timers that are shared, late, early or lost.

use crate::world::{Answer, Phase, WINDOW, World, at_most};

#[test]
fn the_batches_that_start_in_one_turn_share_a_timer_and_no_others() {
    let world = World::new(WINDOW);
    world.advance(10.0);
    for key in ["alice", "bob", "carol"] {
        world.run(key);
    }
    world.step();
    assert_eq!(world.timers(), 1);
    world.run("dave");
    world.step();
    assert_eq!(world.timers(), 2);
}

#[test]
fn a_timer_that_got_lost_delays_no_other_key() {
    let world = World::new(WINDOW);
    world.answer(Phase::Save, Answer::Hangs);
    world.run("alice");
    world.step();
    world.lose_timers();
    world.run("bob");
    world.advance(1_000.0);
    assert_eq!(
        world.happened(),
        ["0 load alice", "0 execute alice 1", "0 load bob", "0 execute bob 2", "100 save bob", "200 abort bob"]
    );
    world.close("alice");
    world.step();
    assert_eq!(world.happened(), ["1000 save alice"]);
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
    assert_eq!(world.keys(), 0);
}

#[test]
fn a_timer_that_fires_has_reached_its_deadline_whatever_the_clock_says() {
    let world = World::new(WINDOW);
    world.answer(Phase::Save, Answer::Hangs);
    world.run("alice");
    world.advance(50.0);
    world.fire_timer();
    assert_eq!(world.happened(), ["0 load alice", "0 execute alice 1", "50 save alice"]);
    world.fire_timer();
    assert_eq!(world.happened(), ["50 abort alice"]);
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
fn a_window_that_was_late_makes_no_other_batch_of_the_same_runs_late() {
    let world = World::new(at_most(1, WINDOW));
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

#[test]
fn a_timer_that_goes_off_a_fraction_of_a_millisecond_early_is_set_again() {
    let world = World::new(WINDOW);
    world.answer(Phase::Save, Answer::Hangs);
    world.run("alice");
    world.advance(99.5);
    world.fire_timer();
    assert_eq!(world.happened(), ["0 load alice", "0 execute alice 1"]);
    world.advance(100.0);
    world.fire_timer();
    world.advance(0.5);
    assert_eq!(world.happened(), ["100 save alice", "200 abort alice"]);
}

#[test]
fn a_timer_that_goes_off_a_whole_millisecond_early_has_reached_its_deadline() {
    let world = World::new(WINDOW);
    world.answer(Phase::Save, Answer::Hangs);
    world.run("alice");
    world.advance(99.0);
    world.fire_timer();
    assert_eq!(world.happened(), ["0 load alice", "0 execute alice 1", "99 save alice"]);
}
