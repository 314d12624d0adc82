//! Calls that load or save several batches.

use crate::world::{Answer, Config, NO_WINDOW, Name, Phase, World};
use groupcommit::engine::Options;

const NAMES: [Name; 5] = ["alice", "bob", "carol", "dave", "eve"];

fn sharing(options: Options) -> World {
    let world = World::new(Config { shares: [true; 2], ..options.into() });
    world.observe(true);
    world
}

/// Of each batch that has ended the number of those in the call that loaded it, and in the one that saved it.
fn together(world: &World) -> Vec<(Name, u32, u32)> {
    let metrics = world.metrics();
    metrics.iter().map(|ended| (ended.name, ended.metric.loaded_together, ended.metric.saved_together)).collect()
}

#[test]
fn batches_that_want_the_same_in_the_same_turn_are_loaded_and_saved_by_one_call() {
    let world = sharing(NO_WINDOW);
    NAMES.iter().for_each(|name| drop(world.run(name)));
    world.rest();
    assert_eq!(together(&world), NAMES.map(|name| (name, 5, 5)));
    assert!(world.is_empty());
}

#[test]
fn max_keys_is_the_most_batches_that_one_call_gets() {
    let world = sharing(Options { max_keys: 2, ..NO_WINDOW });
    NAMES.iter().for_each(|name| drop(world.run(name)));
    world.rest();
    let counts = [("alice", 2, 2), ("bob", 2, 2), ("carol", 2, 2), ("dave", 2, 2), ("eve", 1, 1)];
    assert_eq!(together(&world), counts);
}

#[test]
fn what_finds_no_place_goes_with_the_next_call_in_the_order_of_asking() {
    let world = sharing(Options { concurrency: 1, max_keys: 3, ..NO_WINDOW });
    world.answer(Phase::Load, Answer::Hangs);
    world.answer(Phase::Save, Answer::Nothing);
    world.run("alice");
    world.step();
    NAMES[1..].iter().for_each(|name| drop(world.run(name)));
    world.step();
    assert_eq!(world.happened(), ["0 load alice"]);
    world.complete("alice");
    assert_eq!(together(&world), [("alice", 1, 0)]);
    world.answer(Phase::Load, Answer::Succeeds);
    ["bob", "carol", "dave"].iter().for_each(|name| world.complete(name));
    world.rest();
    assert_eq!(together(&world), [("bob", 3, 0), ("carol", 3, 0), ("dave", 3, 0), ("eve", 1, 0)]);
}
