//! The section "A batch": what is saved, and what is left.

use crate::world::{Answer, Effect, Outcome, Phase, WINDOW, World, at_most};

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
fn a_batch_of_which_all_runs_were_cancelled_saves_nothing_and_does_not_stay_open() {
    let world = World::new(WINDOW);
    world.answer(Phase::Load, Answer::Hangs);
    let runs = [world.run("alice"), world.run("alice"), world.run("bob")];
    world.advance(10.0);
    runs.iter().for_each(|run| world.cancel(run));
    world.complete("alice");
    world.run("bob");
    world.complete("bob");
    world.advance(90.0);
    assert_eq!(
        world.happened(),
        ["0 load alice", "0 load bob", "10 settle alice", "10 execute bob 4", "100 save bob", "100 settle bob 4",]
    );
}

#[test]
fn a_batch_that_has_only_reads_when_its_load_has_ended_does_not_stay_open_for_more() {
    let world = World::new(WINDOW);
    world.read("alice");
    world.advance(10.0);
    world.run("alice");
    world.step();
    assert_eq!(
        world.happened(),
        ["0 load alice", "0 execute alice 1", "0 settle alice 1", "10 load alice", "10 execute alice 2"]
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
                world.throw("alice")
            };
            world.advance(10.0);
        }
        world.advance(100.0);
        assert!(world.happened().contains(&"100 save alice".to_owned()), "change {place}");
    }
}

#[test]
fn a_change_of_one_batch_does_not_make_the_next_one_save() {
    let world = World::new(at_most(1, WINDOW));
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
            world.throw(key);
        }
        world.advance(50.0);
        assert_eq!(world.keys(), keys.len());
        world.advance(50.0);
        assert!(world.is_empty());
        kept = Some(world);
    });
    assert!(memory.bytes_max > 1_000_000, "{memory:?}");
    assert!(memory.bytes_current < 10_000, "{memory:?}");
}
