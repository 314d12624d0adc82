//! What is left of batches that waited for a place.

use crate::world::{Answer, NO_WINDOW, Name, Phase, WINDOW, World};
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
fn a_crowd_that_waited_for_places_leaves_no_memory_behind() {
    let names: Vec<Name> = (0..10_000).map(|number| &*number.to_string().leak()).collect();
    let mut kept = None;
    let memory = allocation_counter::measure(|| {
        let world = World::new(Options { concurrency: 1, ..NO_WINDOW });
        world.silence();
        world.answer(Phase::Load, Answer::Hangs);
        names.iter().for_each(|name| drop(world.throw(name)));
        world.step();
        world.answer(Phase::Load, Answer::Succeeds);
        world.complete(names[0]);
        assert!(world.is_empty());
        kept = Some(world);
    });
    assert!(memory.bytes_max > 1_000_000, "{memory:?}");
    assert!(memory.bytes_current < 10_000, "{memory:?}");
}

#[test]
fn no_timer_is_kept_for_a_batch_that_waits_for_a_place() {
    let world = loading(Options { concurrency: 1, ..WINDOW }, &["alice"]);
    world.advance(1_000.0);
    world.run("bob");
    world.run("carol");
    world.close("carol");
    world.answer(Phase::Load, Answer::Succeeds);
    world.step();
    assert_eq!(world.stored("carol"), [3]);
    assert_eq!(world.timers_set(), 0);
}

#[test]
fn batches_that_are_flushed_while_they_wait_for_a_place_leave_nothing_behind() {
    let memory_of = |batches: usize| {
        let memory = allocation_counter::measure(|| {
            let world = loading(ONE, &["alice", "carol", "dave"]);
            world.silence();
            world.answer(Phase::Load, Answer::Succeeds);
            for _ in 0..batches {
                world.throw("bob");
                world.step();
                world.close("bob");
                world.step();
            }
        });
        memory.bytes_max
    };
    assert_eq!(memory_of(1_000), memory_of(10_000));
}
