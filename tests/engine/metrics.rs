//! The section "Metrics".

use crate::world::{Answer, BatchError, Config, Effect, NO_WINDOW, Name, Phase, Published, WINDOW, World, at_most};
use groupcommit::engine::Metric;

/// Of a batch for which nothing is called.
const NOTHING: Metric = Metric {
    start: 0.0,
    lock_duration: 0.0,
    load_duration: 0.0,
    save_duration: 0.0,
    total_duration: 0.0,
    attempts: 1,
    loaded_together: 0,
    saved_together: 0,
};

/// Of one that is loaded and saved by calls of its own.
const SAVED: Metric = Metric { loaded_together: 1, saved_together: 1, ..NOTHING };

fn published(name: Name, operations: u32, metric: Metric) -> Published {
    Published { name, operations, metric, error: None }
}

fn observed(config: impl Into<Config>) -> World {
    let world = World::new(config);
    world.observe(true);
    world
}

#[test]
fn one_metric_per_batch_says_when_it_started_and_how_long_everything_took() {
    let world = observed(WINDOW);
    for phase in [Phase::Lock, Phase::Load, Phase::Save] {
        world.answer(phase, Answer::Hangs);
    }
    world.advance(1_000.0);
    world.run("alice");
    world.read("alice");
    world.throw("alice");
    world.advance(1.5);
    world.complete("alice");
    world.advance(20.25);
    world.complete("alice");
    world.advance(100.0);
    assert_eq!(world.metrics(), []);
    world.complete("alice");
    let metric = Metric {
        start: 1_000.0,
        lock_duration: 1.5,
        load_duration: 20.25,
        save_duration: 21.75,
        total_duration: 121.75,
        ..SAVED
    };
    assert_eq!(world.metrics(), [published("alice", 3, metric)]);
}

#[test]
fn a_metric_comes_before_the_runs_of_its_batch_settle() {
    let world = observed(WINDOW);
    world.run("alice");
    world.advance(100.0);
    world.answer(Phase::Load, Answer::Fails("gone"));
    world.run("alice");
    world.step();
    assert_eq!(
        world.happened(),
        [
            "0 load alice",
            "0 execute alice 1",
            "100 save alice",
            "100 publish alice",
            "100 settle alice 1",
            "100 load alice",
            "100 publish alice",
            "100 fail alice 2",
        ]
    );
}

#[test]
fn a_batch_that_failed_has_one_too() {
    let world = observed(WINDOW);
    for phase in [Phase::Lock, Phase::Load, Phase::Save] {
        world.answer(phase, Answer::Hangs);
    }
    for key in ["lock", "load", "save"] {
        world.run(key);
    }
    world.advance(10.0);
    world.fail("lock", "taken");
    world.complete("load");
    world.complete("save");
    world.advance(20.0);
    world.fail("load", "gone");
    world.complete("save");
    world.advance(100.0);
    world.fail("save", "full");

    let [lock, load, save] = [(Phase::Lock, "taken"), (Phase::Load, "gone"), (Phase::Save, "full")]
        .map(|(phase, cause)| Some(BatchError { phase, cause }));
    let metric = Metric { lock_duration: 10.0, total_duration: 10.0, ..NOTHING };
    let mut metrics = vec![Published { name: "lock", metric, operations: 0, error: lock }];
    let metric =
        Metric { lock_duration: 10.0, load_duration: 20.0, total_duration: 30.0, loaded_together: 1, ..NOTHING };
    metrics.push(Published { name: "load", metric, operations: 0, error: load });
    let (save_duration, total_duration) = (30.0, 130.0);
    let metric = Metric { save_duration, total_duration, saved_together: 1, ..metric };
    metrics.push(Published { name: "save", metric, operations: 1, error: save });
    assert_eq!(world.metrics(), metrics);
}

#[test]
fn durations_are_0_for_what_did_not_take_place() {
    let world = observed(WINDOW);
    for phase in [Phase::Lock, Phase::Load] {
        world.answer(phase, Answer::Nothing);
    }
    world.throw("alice");
    world.advance(100.0);
    let metric = Metric { total_duration: 100.0, ..NOTHING };
    assert_eq!(world.metrics(), [published("alice", 1, metric)]);
}

#[test]
fn a_batch_whose_runs_were_all_cancelled_has_a_metric_without_operations() {
    let world = observed(WINDOW);
    world.answer(Phase::Load, Answer::Hangs);
    let run = world.run("alice");
    world.step();
    world.cancel(&run);
    world.advance(30.0);
    world.complete("alice");
    world.advance(100.0);
    let metric = Metric { load_duration: 30.0, total_duration: 30.0, loaded_together: 1, ..NOTHING };
    assert_eq!(world.metrics(), [published("alice", 0, metric)]);
}

#[test]
fn every_batch_of_many_has_its_own() {
    let world = observed(at_most(1, NO_WINDOW));
    world.answer(Phase::Save, Answer::Hangs);
    world.run("alice");
    world.run("alice");
    world.step();
    for _ in 0..2 {
        world.advance(10.0);
        world.complete("alice");
    }
    let metric = |start| Metric { start, save_duration: 10.0, total_duration: 10.0, ..SAVED };
    assert_eq!(world.metrics(), [0.0, 10.0].map(|start| published("alice", 1, metric(start))));
}

#[test]
fn without_subscribers_metrics_cost_nothing() {
    let world = World::new(NO_WINDOW);
    world.run("alice");
    world.throw("alice");
    world.advance(10.0);
    world.answer(Phase::Save, Answer::Fails("full"));
    world.run("alice");
    world.advance(10.0);
    assert_eq!(world.readings(), 0, "nobody has asked how long anything takes");
    assert_eq!(world.metrics(), []);
}

#[test]
fn whoever_subscribes_while_a_batch_is_under_way_gets_0_for_what_began_before() {
    for options in [NO_WINDOW, WINDOW] {
        let world = World::new(options);
        world.answer(Phase::Load, Answer::Hangs);
        world.answer(Phase::Save, Answer::Hangs);
        world.run("alice");
        world.advance(10.0);
        world.observe(true);
        world.complete("alice");
        world.flush_all();
        world.advance(10.0);
        world.complete("alice");
        let [Published { metric, .. }] = world.metrics()[..] else { panic!("one metric") };
        assert_eq!((metric.load_duration, metric.save_duration), (0.0, 10.0));
        assert_eq!((metric.start, metric.total_duration), (0.0, 20.0), "these are right all the same");
    }
}

#[test]
fn whoever_unsubscribes_while_a_batch_is_under_way_gets_nothing() {
    let world = observed(WINDOW);
    world.run("alice");
    world.advance(10.0);
    world.observe(false);
    world.advance(100.0);
    assert_eq!(world.metrics(), []);
}

#[test]
fn an_operation_that_subscribes_gets_the_metric_of_its_own_batch() {
    let world = World::new(WINDOW);
    let caller = world.clone();
    world.run_with("alice", move || {
        caller.observe(true);
        Effect::Changes
    });
    world.advance(100.0);
    assert_eq!(world.metrics().len(), 1);
}
