//! The option `concurrency`.

use crate::world::{Answer, NO_WINDOW, Name, Outcome, Phase, WINDOW, World};
use groupcommit::engine::Options;

const ONE: Options = Options { concurrency: 1, ..NO_WINDOW };

fn loading(options: Options, names: &[Name]) -> World {
    let world = World::new(options);
    world.answer(Phase::Load, Answer::Hangs);
    names.iter().for_each(|name| drop(world.run(name)));
    world.step();
    world
}

#[test]
fn concurrency_limits_the_batches_that_load_or_save() {
    let world = loading(Options { concurrency: 2, ..ONE }, &["alice", "bob", "carol"]);
    world.answer(Phase::Save, Answer::Hangs);
    assert_eq!(world.happened(), ["0 load alice", "0 load bob"]);
    world.complete("alice");
    assert_eq!(world.happened(), ["0 execute alice 1", "0 load carol"]);
    world.complete("bob");
    assert_eq!(world.happened(), ["0 execute bob 2", "0 save alice"]);
}

#[test]
fn what_finds_no_place_waits_in_the_order_of_asking() {
    let world = loading(ONE, &["alice", "bob", "carol", "dave"]);
    world.answer(Phase::Load, Answer::Succeeds);
    world.complete("alice");
    let happened = world.happened();
    let loads: Vec<_> = happened.iter().filter(|event| event.contains("load")).collect();
    assert_eq!(loads, ["0 load alice", "0 load bob", "0 load carol", "0 load dave"]);
    assert!(world.is_empty());
}

#[test]
fn a_batch_that_waits_for_a_place_to_load_has_not_started() {
    let world = loading(Options { concurrency: 1, ..WINDOW }, &["alice", "bob"]);
    world.observe(true);
    world.advance(1_000.0);
    world.answer(Phase::Save, Answer::Hangs);
    world.run("bob");
    world.fail("alice", "gone");
    world.complete("bob");
    world.advance(500.0);
    world.complete("bob");
    assert_eq!(
        world.happened(),
        [
            "0 load alice",
            "200 abort alice",
            "1000 publish alice",
            "1000 fail alice 1",
            "1000 load bob",
            "1000 execute bob 2",
            "1000 execute bob 3",
            "1100 save bob",
            "1200 abort bob",
            "1500 publish bob",
            "1500 settle bob 2 3",
        ]
    );
    assert_eq!(world.metrics()[1].metric.start, 1_000.0);
}

#[test]
fn with_a_lock_which_needs_no_place_a_batch_starts_with_that() {
    let world = World::new(Options { concurrency: 1, ..WINDOW });
    world.answer(Phase::Lock, Answer::Succeeds);
    world.answer(Phase::Load, Answer::Hangs);
    world.run("alice");
    world.run("bob");
    world.advance(150.0);
    world.complete("alice");
    world.complete("bob");
    let happened = world.happened().join(", ");
    assert!(happened.starts_with("0 lock alice, 0 load alice, 0 lock bob, 150 execute alice 1"), "{happened}");
    assert!(happened.contains("150 save bob"), "{happened}");
}

#[test]
fn a_flush_does_not_wait_for_a_place() {
    let world = loading(ONE, &["alice", "bob", "carol"]);
    world.close("carol");
    world.step();
    assert_eq!(world.happened(), ["0 load alice", "0 load carol"]);
    world.close_all();
    world.step();
    assert_eq!(world.happened(), ["0 load bob"]);
    world.answer(Phase::Save, Answer::Hangs);
    for name in ["alice", "bob", "carol"] {
        world.complete(name);
    }
    let happened = world.happened().join(", ");
    assert_eq!(happened.matches("save").count(), 3, "{happened}");
}

#[test]
fn of_a_batch_whose_runs_are_all_cancelled_while_it_waits_for_a_place_nothing_is_asked() {
    let world = World::new(ONE);
    world.answer(Phase::Load, Answer::Hangs);
    let runs = ["alice", "bob", "carol"].map(|name| world.run(name));
    world.step();
    world.cancel(&runs[1]);
    world.complete("alice");
    world.complete("carol");
    let happened = world.happened().join(", ");
    assert!(!happened.contains("bob"), "{happened}");
    assert_eq!(runs[2].outcome(), Some(Outcome::Resolved));
    assert!(world.is_empty());
}

#[test]
fn a_run_that_comes_after_all_others_of_its_batch_were_cancelled_waits_for_a_place_anew() {
    let world = World::new(ONE);
    world.answer(Phase::Load, Answer::Hangs);
    let runs = ["alice", "bob", "carol"].map(|name| world.run(name));
    world.step();
    world.cancel(&runs[1]);
    world.answer_hanging("alice", Ok(()));
    world.turn();
    world.turn();
    world.run("bob");
    world.step();
    world.answer(Phase::Load, Answer::Succeeds);
    world.complete("carol");
    assert_eq!(world.stored("bob"), [4]);
    assert!(world.is_empty());
}

#[test]
fn a_batch_that_was_flushed_while_it_waited_and_has_ended_is_not_aborted() {
    let world = World::new(Options { concurrency: 1, ..WINDOW });
    world.run("alice");
    world.run("bob");
    world.advance(50.0);
    world.answer(Phase::Load, Answer::Hangs);
    world.run("carol");
    world.advance(50.0);
    world.close("bob");
    world.step();
    world.answer(Phase::Save, Answer::Hangs);
    world.advance(50.0);
    world.happened();
    world.run("bob");
    world.advance(100.0);
    assert!(!world.happened().contains(&"200 abort bob".to_owned()));
}
