//! What deadlines cost, and what is left of them.

use crate::world::{Answer, NO_WINDOW, Name, Phase, WINDOW, World};
use groupcommit::engine::Options;

const FAR: f64 = 86_400_000.0;

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

/// The most memory that so many batches of one key have in use at one time, each of them ending long before its deadline, while so many
/// other keys have a batch that does not end.
fn memory_of(batches: usize, others: &[Name], options: Options) -> u64 {
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
    let others: Vec<Name> = (0..2_000).map(|number| &*number.to_string().leak()).collect();
    let options = Options { max_duration: FAR, ..WINDOW };
    let memory = memory_of(1, &others, options);
    assert!(memory_of(20_000, &others, options) < 4 * memory);
}
