//! What the engine is told without need.

use crate::world::{Answer, Letter, Outcome, Phase, WINDOW, World, told};

#[test]
fn a_key_that_is_not_served_can_neither_be_looked_at_nor_told_of_an_outcome() {
    let world = World::new(WINDOW);
    world.run("alice");
    world.advance(50.0);
    let told = |keys: [usize; 3]| {
        for key in keys {
            world.processor().look(key);
            world.processor().done(key, told(Err("of nothing")));
            world.post(Letter::Serve(key));
        }
        world.processor().look_at_waiting();
    };
    told([1, 2, 100]);
    told([0, 0, 0]);
    world.advance(50.0);
    assert_eq!(world.happened(), ["0 load alice", "0 execute alice 1", "100 save alice", "100 settle alice 1"]);
    told([0, 1, 100]);
    world.step();
    assert!(world.is_empty());
}

#[test]
fn an_outcome_that_no_call_has_come_to_changes_nothing() {
    let world = World::new(WINDOW);
    let told = |cause| [0, 1, usize::MAX].map(|key| world.processor().done(key, told(Err(cause))));
    told("before any call");
    let run = world.run("alice");
    told("before the load");
    world.answer(Phase::Save, Answer::Hangs);
    world.advance(50.0);
    told("while the window is open");
    world.advance(50.0);
    world.answer_hanging("alice", Ok(()));
    told("once more");
    world.step();
    assert_eq!(run.outcome(), Some(Outcome::Resolved));
    told("after the end");
    assert!(world.is_empty());
}

#[test]
fn to_look_at_a_window_that_has_not_changed_changes_nothing() {
    let world = World::new(WINDOW);
    world.answer(Phase::Load, Answer::Hangs);
    let look = || {
        world.processor().look(0);
        world.processor().look_at_waiting();
        world.step();
    };
    world.run("alice");
    look();
    world.advance(10.0);
    look();
    world.complete("alice");
    look();
    world.advance(90.0);
    assert_eq!(world.happened(), ["0 load alice", "10 execute alice 1", "100 save alice", "100 settle alice 1"]);
}
